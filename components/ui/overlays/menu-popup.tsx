'use client';
// A menu that stands where it was asked for, and gives the focus back when it closes.
// Props: `anchor`, `open`, `onOpenChange`, `align`, `items`.
import { Menu as Base } from '@base-ui/react/menu';
import { MenuEntries } from './menu-entries.tsx';
import type { MenuItem } from './menu-item.ts';
import { isByOpener, type PopupProps } from './popup-anchor.ts';
import { POPUP } from './popup-class.ts';

export interface MenuPopupProps extends PopupProps {
  items: readonly MenuItem[];
}

export function MenuPopup({ anchor, open, onOpenChange, align, items }: MenuPopupProps) {
  return (
    <Base.Root
      modal={false}
      open={open}
      onOpenChange={(next, { event }) => !isByOpener(anchor, event) && onOpenChange(next)}
    >
      <Base.Portal>
        <Base.Positioner className="z-60" anchor={anchor.at} sideOffset={4} align={align}>
          <Base.Popup className={POPUP} finalFocus={() => anchor.returnTo}>
            <MenuEntries items={items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
