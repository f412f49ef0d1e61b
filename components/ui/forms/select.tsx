'use client';
// One of a few values. Props: `options` [{value, label, help, disabledReason}], `value` (null for
// none), `onChange`, `label` (`hideLabel` keeps it for readers only), `placeholder`, `help`,
// `error`.
import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { classNames } from '../class-names.ts';
import { type DisabledReason, isDisabled, reasonText } from '../disabled-reason.tsx';
import { POPUP } from '../overlays/popup-class.ts';
import { CONTROL, describedBy, FormRow } from './form-row.tsx';

export interface SelectOption<Value extends string> {
  value: Value;
  label: string;
  help?: string;
  disabledReason?: DisabledReason;
}

export interface SelectProps<Value extends string> {
  label: string;
  hideLabel?: boolean;
  options: readonly SelectOption<Value>[];
  value: Value | null;
  onChange: (value: Value) => void;
  placeholder?: string;
  help?: ReactNode;
  error?: string;
  required?: boolean;
  disabled?: boolean;
}

export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, hideLabel = false, help, error, required } = props;
  const id = useId();
  if (hideLabel) return <Control {...props} id={id} />;
  return (
    <FormRow label={label} help={help} error={error} required={required} htmlFor={id}>
      <Control {...props} id={id} />
    </FormRow>
  );
}

function Control<Value extends string>(props: SelectProps<Value> & { id: string }) {
  const { id, label, options, value, onChange, placeholder = 'Choose…', help, error } = props;
  return (
    <Base.Root
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      disabled={props.disabled}
      modal={false}
    >
      <Base.Trigger
        id={id}
        aria-label={label}
        className={classNames(CONTROL, 'flex items-center justify-between gap-2 text-left')}
        {...describedBy(id, help, error)}
      >
        <span className={classNames('truncate', value === null && 'text-muted')}>
          <Base.Value placeholder={placeholder} />
        </span>
        <ChevronDown aria-hidden size={14} className="shrink-0 text-muted" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-60" sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className={classNames(POPUP, 'min-w-(--anchor-width)')}>
            {options.map((option) => (
              <Option key={option.value} option={option} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Option<Value extends string>({ option }: { option: SelectOption<Value> }) {
  const refused = isDisabled(option.disabledReason);
  const note = refused ? reasonText(option.disabledReason) : option.help;
  return (
    <Base.Item
      value={option.value}
      disabled={refused}
      className="flex min-h-row items-start gap-2 px-2 py-1 outline-none select-none
        data-disabled:text-muted data-highlighted:bg-hover"
    >
      <span className="mt-0.5 size-4 shrink-0">
        <Base.ItemIndicator>
          <Check aria-hidden size={14} />
        </Base.ItemIndicator>
      </span>
      <span className="min-w-0">
        <Base.ItemText>{option.label}</Base.ItemText>
        {note && <span className="block text-sm text-muted">{note}</span>}
      </span>
    </Base.Item>
  );
}
