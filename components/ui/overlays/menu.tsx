'use client';
// A menu below a button. Props: `trigger` (a Button or IconButton), `items` (menu-item.ts),
// `align`, `onOpenChange` (to load verdicts when it opens).
import type { MenuItem } from './menu-item.ts';
import { onDemand } from './on-demand.ts';
import type { PopupProps } from './popup-anchor.ts';
import { type PopupTrigger, usePopupTrigger } from './use-popup-trigger.ts';

export interface MenuProps {
  trigger: PopupTrigger;
  items: readonly MenuItem[];
  align?: 'start' | 'end';
  onOpenChange?: (open: boolean) => void;
}

export const menuPopup = onDemand(() => import('./menu-popup.tsx').then((file) => file.MenuPopup));

export function Menu({ trigger, items, align = 'start', onOpenChange }: MenuProps) {
  const { button, anchor, open, change } = usePopupTrigger(trigger, {
    kind: 'menu',
    fetch: menuPopup.fetch,
    onOpenChange,
  });
  return (
    <>
      {button}
      {anchor && (
        <MenuAt anchor={anchor} open={open} onOpenChange={change} align={align} items={items} />
      )}
    </>
  );
}

/** The menu itself, as soon as its code is there. */
export function MenuAt(props: PopupProps & { items: readonly MenuItem[] }) {
  const Popup = menuPopup.usePart();
  return Popup && <Popup {...props} />;
}
