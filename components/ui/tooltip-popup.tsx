'use client';
// The hint itself, beside its trigger; Escape hides it, and the pointer may come onto it.
// Props: `anchor`, `side`, `onStay`, `onLeave`, `onHide`, `children`.
import { Tooltip as Base } from '@base-ui/react/tooltip';
import type { HintProps } from './tooltip.tsx';

export interface TooltipPopupProps extends Omit<HintProps, 'onHide'> {
  onLeave: () => void;
  onHide: () => void;
}

export function TooltipPopup(props: TooltipPopupProps) {
  const { anchor, side, onStay, onLeave, onHide, children } = props;
  return (
    <Base.Root
      open
      onOpenChange={(open, { event }) => {
        const isOnTrigger = event.target instanceof Node && anchor.contains(event.target);
        if (!open && !(isOnTrigger && event.type !== 'keydown')) onHide();
      }}
    >
      <Base.Portal>
        <Base.Positioner anchor={anchor} side={side} sideOffset={6} className="z-60">
          <Base.Popup
            role="tooltip"
            onPointerEnter={onStay}
            onPointerLeave={onLeave}
            className="max-w-96 rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm
              text-ink shadow-popup transition-opacity duration-100 data-ending-style:opacity-0
              data-starting-style:opacity-0"
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
