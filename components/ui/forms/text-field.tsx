'use client';
// A line or several lines of text in a form row. Controlled by value and onChange(text), or by
// react-hook-form:
// <TextField label="Name" field={register('name')} error={errors.name?.message} />.
import { type ReactNode, useId } from 'react';
import type { UseFormRegisterReturn } from 'react-hook-form';
import { classNames } from '../class-names.ts';
import { CONTROL, describedBy, FormRow } from './form-row.tsx';

export interface TextFieldProps {
  label: string;
  /** For react-hook-form: what register() returned. */
  field?: UseFormRegisterReturn;
  value?: string;
  onChange?: (text: string) => void;
  help?: ReactNode;
  error?: string;
  required?: boolean;
  type?: 'text' | 'password' | 'search';
  placeholder?: string;
  autoComplete?: string;
  autoFocus?: boolean;
  disabled?: boolean;
  /** More than 1 makes it a text area. */
  lines?: number;
}

export function TextField(props: TextFieldProps) {
  const { label, field, value, onChange, help, error, required, lines = 1, ...rest } = props;
  const { type = 'text', ...shared } = rest;
  const id = useId();
  const bound = onChange
    ? { value, onChange: (event: { target: { value: string } }) => onChange(event.target.value) }
    : {};
  const common = {
    id,
    ...shared,
    required,
    ...describedBy(id, help, error),
    ...field,
    ...bound,
  };
  return (
    <FormRow label={label} help={help} error={error} required={required} htmlFor={id}>
      {lines > 1 ? (
        <textarea {...common} rows={lines} className={classNames(CONTROL, 'h-auto py-1')} />
      ) : (
        <input {...common} type={type} className={CONTROL} />
      )}
    </FormRow>
  );
}
