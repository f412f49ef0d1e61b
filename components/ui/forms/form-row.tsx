// One line of a form: label, control, help, error. Fields below put themselves into one; use it
// for your own controls.
// Props: `label`, `help`, `error`, `required`, `htmlFor`; `ids` ties help and error to the control
// (aria-describedby).
import type { ReactNode } from 'react';

export interface FormRowProps {
  label: string;
  help?: ReactNode;
  error?: string;
  required?: boolean;
  htmlFor: string;
  children: ReactNode;
}

export function FormRow({ label, help, error, required, htmlFor, children }: FormRowProps) {
  return (
    <div className="space-y-1">
      <label htmlFor={htmlFor} className="block font-medium">
        {label}
        {required && (
          <span className="text-bad" aria-hidden>
            {' *'}
          </span>
        )}
      </label>
      {children}
      {help && (
        <p id={`${htmlFor}-help`} className="text-sm text-muted">
          {help}
        </p>
      )}
      {error && (
        <p id={`${htmlFor}-error`} role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

/** What a control puts on itself so that its help and error are read with it. */
export function describedBy(id: string, help: ReactNode, error: string | undefined) {
  const ids = [help ? `${id}-help` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { 'aria-describedby': ids || undefined, 'aria-invalid': error ? true : undefined };
}

export const CONTROL =
  'h-7 w-full min-w-0 rounded-md border border-line-strong bg-surface px-2 text-ink ' +
  'placeholder:text-muted aria-invalid:border-bad disabled:border-line disabled:bg-idle-soft ' +
  'disabled:text-muted';
