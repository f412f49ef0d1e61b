'use client';
// One of several, all of them in view. Props: `options` [{value, label, help, disabledReason}],
// `value`, `onChange`, `label`. An option that is not possible says why below its label.
import { Radio } from '@base-ui/react/radio';
import { RadioGroup as Base } from '@base-ui/react/radio-group';
import { useId } from 'react';
import { isDisabled, reasonContent } from '../disabled-reason.tsx';
import type { SelectOption } from './select.tsx';

export interface RadioGroupProps<Value extends string> {
  label: string;
  options: readonly SelectOption<Value>[];
  value: Value | null;
  onChange: (value: Value) => void;
}

export function RadioGroup<Value extends string>(props: RadioGroupProps<Value>) {
  const { label, options, value, onChange } = props;
  const id = useId();
  return (
    <div className="space-y-1">
      <p id={id} className="font-medium">
        {label}
      </p>
      <Base
        aria-labelledby={id}
        value={value ?? ''}
        onValueChange={(next) => {
          const option = options.find((one) => one.value === next);
          if (option) onChange(option.value);
        }}
        className="space-y-1"
      >
        {options.map((option) => (
          <Row key={option.value} option={option} />
        ))}
      </Base>
    </div>
  );
}

function Row<Value extends string>({ option }: { option: SelectOption<Value> }) {
  const id = useId();
  const refused = isDisabled(option.disabledReason);
  return (
    <div className="flex items-start gap-2 py-0.5">
      <Radio.Root
        id={id}
        value={option.value}
        disabled={refused}
        aria-describedby={`${id}-note`}
        className="mt-0.5 inline-flex size-4 shrink-0 items-center justify-center rounded-full
          border border-line-strong bg-surface data-checked:border-accent
          data-disabled:opacity-50"
      >
        <Radio.Indicator className="size-2 rounded-full bg-accent" />
      </Radio.Root>
      <div className="min-w-0">
        <label htmlFor={id} className={refused ? 'text-muted' : ''}>
          {option.label}
        </label>
        <div id={`${id}-note`} className="text-sm text-muted">
          {refused ? reasonContent(option.disabledReason) : option.help}
        </div>
      </div>
    </div>
  );
}
