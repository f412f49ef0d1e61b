'use client';
// The button. A disabled one stays focusable and says why, on hover and on focus.
// Props: `variant` (primary, secondary, ghost, danger), `size`, `icon` before the label, `busy`
// while its call runs, `disabledReason` (a verdict's reasons, or one sentence), and all of
// <button>.
import { LoaderCircle } from 'lucide-react';
import { type ComponentProps, type MouseEvent, type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';
import { type DisabledReason, isDisabled, reasonContent, reasonText } from './disabled-reason.tsx';
import { Tooltip } from './tooltip.tsx';

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger';

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  variant?: ButtonVariant;
  size?: 'small' | 'medium';
  icon?: ReactNode;
  busy?: boolean;
  disabledReason?: DisabledReason;
}

const VARIANTS: Record<ButtonVariant, string> = {
  primary: 'border-accent bg-accent text-on-accent hover:bg-accent-hover hover:border-accent-hover',
  secondary: 'border-line-strong bg-surface text-ink hover:bg-hover',
  ghost: 'border-transparent text-accent hover:bg-hover',
  danger: 'border-bad bg-surface text-bad hover:bg-bad-soft',
};
const OFF = 'border-line bg-idle-soft text-muted cursor-not-allowed';
const OFF_GHOST = 'border-transparent text-muted cursor-not-allowed';

export function Button(props: ButtonProps) {
  const { variant = 'secondary', size = 'medium', icon, busy = false, ...others } = props;
  const { disabledReason, className, children, onClick, ...rest } = others;
  const noteId = useId();
  const refused = isDisabled(disabledReason);
  const inert = refused || busy;
  const off = variant === 'ghost' ? OFF_GHOST : OFF;
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (inert) return event.preventDefault();
    onClick?.(event);
  };
  const button = (
    <button
      type="button"
      data-variant={variant}
      {...rest}
      {...(inert && { 'aria-disabled': true })}
      {...(refused && { 'aria-describedby': noteId })}
      aria-busy={busy || undefined}
      onClick={press}
      className={classNames(
        'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium',
        'whitespace-nowrap select-none',
        size === 'small' ? 'h-6 px-2 text-sm' : 'h-7 px-3',
        refused ? off : VARIANTS[variant],
        className,
      )}
    >
      {busy ? <LoaderCircle aria-hidden size={14} className="animate-spin" /> : icon}
      {children}
      {refused && (
        <span id={noteId} hidden>
          {reasonText(disabledReason)}
        </span>
      )}
    </button>
  );
  if (!refused) return button;
  return (
    <Tooltip content={reasonContent(disabledReason)} delay={100} side="bottom">
      {button}
    </Tooltip>
  );
}
