'use client';
// A check box with its label at the right. Props: `checked` (`mixed` for some of many),
// `onChange`, `label`, `help`, `hideLabel` (for tables: the label is for readers only),
// `disabled`.
import { Checkbox as Base } from '@base-ui/react/checkbox';
import { Check, Minus } from 'lucide-react';
import { type ReactNode, useId } from 'react';

export interface CheckboxProps {
  checked: boolean | 'mixed';
  onChange: (checked: boolean) => void;
  label: string;
  help?: ReactNode;
  hideLabel?: boolean;
  disabled?: boolean;
  tabIndex?: number;
}

export function Checkbox(props: CheckboxProps) {
  const { checked, onChange, label, help, hideLabel = false, disabled, tabIndex } = props;
  const id = useId();
  const box = (
    <Base.Root
      id={id}
      tabIndex={tabIndex}
      aria-label={hideLabel ? label : undefined}
      checked={checked === true}
      indeterminate={checked === 'mixed'}
      onCheckedChange={onChange}
      disabled={disabled}
      className="inline-flex size-4 shrink-0 items-center justify-center rounded-sm border
        border-line-strong bg-surface data-checked:border-accent data-checked:bg-accent
        data-disabled:opacity-60 data-indeterminate:border-accent data-indeterminate:bg-accent"
    >
      <Base.Indicator className="text-on-accent">
        {checked === 'mixed' ? <Minus aria-hidden size={12} /> : <Check aria-hidden size={12} />}
      </Base.Indicator>
    </Base.Root>
  );
  if (hideLabel) return box;
  return (
    <div className="flex items-start gap-2 py-0.5">
      <span className="mt-0.5 flex">{box}</span>
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {help && <p className="text-sm text-muted">{help}</p>}
      </div>
    </div>
  );
}
