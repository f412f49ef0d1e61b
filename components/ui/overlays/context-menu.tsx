'use client';
// A menu where the pointer is, on right click, long press, or the Menu key of what has the focus.
// Props: `items` (menu-item.ts), `onOpenChange`, `children` (the area), `className` of the area.
import { type MouseEvent, type ReactNode, useState } from 'react';
import { MenuAt, menuPopup } from './menu.tsx';
import type { MenuItem } from './menu-item.ts';
import type { PopupAnchor } from './popup-anchor.ts';

export interface ContextMenuProps {
  items: readonly MenuItem[];
  onOpenChange?: (open: boolean) => void;
  className?: string;
  children: ReactNode;
}

export function ContextMenu({ items, onOpenChange, className, children }: ContextMenuProps) {
  const [anchor, setAnchor] = useState<PopupAnchor | null>(null);
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    onOpenChange?.(next);
  };
  const ask = (event: MouseEvent<HTMLElement>) => {
    event.preventDefault();
    menuPopup.fetch();
    setAnchor(anchorOf(event));
    change(true);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the Menu key raises the same event */}
      <div role="presentation" className={className} onContextMenu={ask}>
        {children}
      </div>
      {anchor && <MenuAt anchor={anchor} open={open} onOpenChange={change} items={items} />}
    </>
  );
}

/** The point of the pointer; for the Menu key, which has none, the corner of what is focused. */
function anchorOf({ clientX, clientY, target }: MouseEvent<HTMLElement>): PopupAnchor {
  const focused = document.activeElement;
  const returnTo = focused instanceof HTMLElement ? focused : null;
  const byKey = clientX === 0 && clientY === 0;
  if (byKey && target instanceof Element) return { at: target, returnTo };
  const point = DOMRect.fromRect({ x: clientX, y: clientY });
  return { at: { getBoundingClientRect: () => point }, returnTo };
}
