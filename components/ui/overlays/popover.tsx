'use client';
// A box below a button, with more than a menu holds. Props: `trigger` (a button), `title` (its
// name; `titleClassName` may hide it), `align`, `className` of the box, `children` (given the way
// to close it).
import type { ReactNode } from 'react';
import { onDemand } from './on-demand.ts';
import type { PopupProps } from './popup-anchor.ts';
import { type PopupTrigger, usePopupTrigger } from './use-popup-trigger.ts';

export interface PopoverBox {
  title: string;
  titleClassName?: string;
  className: string;
  children: (close: () => void) => ReactNode;
}

export interface PopoverProps extends PopoverBox {
  trigger: PopupTrigger;
  align?: 'start' | 'end';
}

const popoverPopup = onDemand(() =>
  import('./popover-popup.tsx').then((file) => file.PopoverPopup),
);

export function Popover({ trigger, ...box }: PopoverProps) {
  const { button, anchor, open, change } = usePopupTrigger(trigger, {
    kind: 'dialog',
    fetch: popoverPopup.fetch,
  });
  return (
    <>
      {button}
      {anchor && <PopoverAt {...box} anchor={anchor} open={open} onOpenChange={change} />}
    </>
  );
}

function PopoverAt(props: PopupProps & PopoverBox) {
  const Popup = popoverPopup.usePart();
  return Popup && <Popup {...props} />;
}
