'use client';
// A hint on hover and on keyboard focus.
// Props: `content` (nothing is shown when empty), `side`, `delay` in milliseconds; the one child
// is the trigger.
import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { ReactElement, ReactNode } from 'react';

export interface TooltipProps {
  content: ReactNode;
  side?: 'top' | 'bottom' | 'left' | 'right';
  delay?: number;
  children: ReactElement;
}

export function Tooltip({ content, side = 'top', delay = 350, children }: TooltipProps) {
  if (content === null || content === undefined || content === '') return children;
  return (
    <Base.Root>
      <Base.Trigger delay={delay} closeOnClick={false} render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-60">
          <Base.Popup
            role="tooltip"
            className="max-w-96 rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm
              text-ink shadow-popup transition-opacity duration-100 data-ending-style:opacity-0
              data-starting-style:opacity-0"
          >
            {content}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
