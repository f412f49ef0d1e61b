'use client';
// A size: a number and its unit side by side. Props: `label`, `value`, `onChange`, `error`, `help`.
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import type { SizeDraft, SizeUnit } from './disk-size.ts';

const UNITS: readonly { value: SizeUnit; label: string }[] = [
  { value: 'MiB', label: 'MiB' },
  { value: 'GiB', label: 'GiB' },
  { value: 'TiB', label: 'TiB' },
];

export interface SizeFieldProps {
  label: string;
  value: SizeDraft;
  onChange: (value: SizeDraft) => void;
  error?: string | undefined;
  help?: string;
}

export function SizeField({ label, value, onChange, error, help }: SizeFieldProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_6rem] items-start gap-2">
      <TextField
        label={label}
        value={value.amount}
        help={help}
        error={error}
        onChange={(amount) => onChange({ ...value, amount })}
      />
      <Select
        label="Unit"
        value={value.unit}
        options={UNITS}
        onChange={(unit) => onChange({ ...value, unit })}
      />
    </div>
  );
}
