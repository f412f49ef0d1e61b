'use client';
// A button that is an icon alone; its name is the tooltip and the accessible name.
// Props: `label`, `icon`, `pressed` for a toggle, `disabledReason`, `size`, and all of <button>.
import { type ComponentProps, type MouseEvent, type ReactNode, useId } from 'react';
import { classNames } from './class-names.ts';
import { type DisabledReason, isDisabled, reasonContent, reasonText } from './disabled-reason.tsx';
import { Tooltip } from './tooltip.tsx';

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'disabled' | 'children'> {
  label: string;
  icon: ReactNode;
  pressed?: boolean;
  disabledReason?: DisabledReason;
  size?: 'small' | 'medium';
}

export function IconButton(props: IconButtonProps) {
  const { label, icon, pressed, disabledReason, size = 'medium', className, ...others } = props;
  const { onClick, ...rest } = others;
  const noteId = useId();
  const refused = isDisabled(disabledReason);
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (refused) return event.preventDefault();
    onClick?.(event);
  };
  return (
    <Tooltip content={refused ? reasonContent(disabledReason) : label} side="bottom">
      <button
        type="button"
        {...rest}
        aria-label={label}
        aria-pressed={pressed}
        {...(refused && { 'aria-disabled': true, 'aria-describedby': noteId })}
        onClick={press}
        className={classNames(
          'inline-flex shrink-0 items-center justify-center rounded-md',
          size === 'small' ? 'size-5' : 'size-7',
          refused ? 'cursor-not-allowed text-muted opacity-60' : 'hover:bg-hover',
          pressed && 'bg-selected text-accent',
          className,
        )}
      >
        {icon}
        {refused && (
          <span id={noteId} hidden>
            {reasonText(disabledReason)}
          </span>
        )}
      </button>
    </Tooltip>
  );
}
