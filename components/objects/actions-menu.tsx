'use client';
// The button in an object's header with everything that can be done to it. Props: `items`
// (menu-item.ts).
import { ChevronDown } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import type { MenuItem } from '../ui/overlays/menu-item.ts';

export function ActionsMenu({ items }: { items: readonly MenuItem[] }) {
  const button = (
    <Button>
      Actions
      <ChevronDown aria-hidden size={13} />
    </Button>
  );
  return <Menu align="end" trigger={button} items={items} />;
}
