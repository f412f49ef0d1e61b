'use client';
// A menu where the pointer is, on right click, long press, or the Menu key of what has the focus.
// Props: `items` (menu-entries.tsx), `onOpenChange`, `children` (the area), `className` of the
// area.
import { ContextMenu as Base } from '@base-ui/react/context-menu';
import type { ReactNode } from 'react';
import { MenuEntries, type MenuItem, POPUP } from './menu-entries.tsx';

export interface ContextMenuProps {
  items: readonly MenuItem[];
  onOpenChange?: (open: boolean) => void;
  className?: string;
  children: ReactNode;
}

export function ContextMenu({ items, onOpenChange, className, children }: ContextMenuProps) {
  return (
    <Base.Root onOpenChange={(open) => onOpenChange?.(open)}>
      <Base.Trigger className={className}>{children}</Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="z-60">
          <Base.Popup className={POPUP}>
            <MenuEntries items={items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
