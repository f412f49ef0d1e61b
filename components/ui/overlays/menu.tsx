'use client';
// A menu below a button. Props: `trigger` (a Button or IconButton), `items` (menu-entries.tsx),
// `align`, `onOpenChange` (to load verdicts when it opens).
import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement } from 'react';
import { MenuEntries, type MenuItem, POPUP } from './menu-entries.tsx';

export interface MenuProps {
  trigger: ReactElement;
  items: readonly MenuItem[];
  align?: 'start' | 'end';
  onOpenChange?: (open: boolean) => void;
}

export function Menu({ trigger, items, align = 'start', onOpenChange }: MenuProps) {
  return (
    <Base.Root modal={false} onOpenChange={(open) => onOpenChange?.(open)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className="z-60" sideOffset={4} align={align}>
          <Base.Popup className={POPUP}>
            <MenuEntries items={items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
