'use client';
// A number with steps and limits in a form row; arrow keys and the buttons step, Shift by ten.
// Props: `value` (null when empty), `onChange`, `min`, `max`, `step`, `unit` written behind it, `label`, `help`, `error`.
import { NumberField as Base } from '@base-ui/react/number-field';
import { Minus, Plus } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { CONTROL, describedBy, FormRow } from './form-row.tsx';

export interface NumberFieldProps {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
  min?: number;
  max?: number;
  step?: number;
  unit?: string;
  help?: ReactNode;
  error?: string;
  required?: boolean;
  disabled?: boolean;
}

const STEPPER =
  'flex w-7 shrink-0 items-center justify-center border border-line-strong text-muted hover:bg-hover disabled:cursor-not-allowed';

export function NumberField(props: NumberFieldProps) {
  const { label, value, onChange, min, max, step, unit, help, error, required, disabled } = props;
  const id = useId();
  return (
    <FormRow label={label} help={help} error={error} required={required} htmlFor={id}>
      <Base.Root
        id={id}
        value={value}
        onValueChange={onChange}
        min={min}
        max={max}
        step={step}
        required={required}
        disabled={disabled}
      >
        <div className="flex items-center gap-2">
          <Base.Group className="flex h-7 w-48">
            <Base.Decrement
              aria-label={`Less: ${label}`}
              className={`${STEPPER} rounded-l-md border-r-0`}
            >
              <Minus aria-hidden size={13} />
            </Base.Decrement>
            <Base.Input
              className={`${CONTROL} rounded-none text-right`}
              {...describedBy(id, help, error)}
            />
            <Base.Increment
              aria-label={`More: ${label}`}
              className={`${STEPPER} rounded-r-md border-l-0`}
            >
              <Plus aria-hidden size={13} />
            </Base.Increment>
          </Base.Group>
          {unit && <span className="text-muted">{unit}</span>}
        </div>
      </Base.Root>
    </FormRow>
  );
}
