'use client';
// The entries that a menu and a context menu share: label, icon, why it is disabled, danger,
// submenus, separators. A disabled entry can still be reached by keyboard, and shows its reasons
// below its label then.
import { Menu } from '@base-ui/react/menu';
import { ChevronRight } from 'lucide-react';
import { classNames } from '../class-names.ts';
import { isDisabled, reasonText } from '../disabled-reason.tsx';
import type { MenuEntry, MenuItem } from './menu-item.ts';
import { POPUP } from './popup-class.ts';

const ROW =
  'group flex min-h-row w-full cursor-pointer items-start gap-2 px-3 py-1 text-left ' +
  'outline-none select-none data-highlighted:bg-hover';

export function MenuEntries({ items }: { items: readonly MenuItem[] }) {
  return items.map((item, index) => {
    if (item === 'separator') {
      // biome-ignore lint/suspicious/noArrayIndexKey: a separator has no name of its own
      return <Menu.Separator key={`line ${index}`} className="my-1 h-px bg-line" />;
    }
    if ('heading' in item) {
      return (
        <div
          key={item.heading}
          role="presentation"
          className="truncate px-3 pt-1 pb-0.5 text-sm font-semibold text-muted"
        >
          {item.heading}
        </div>
      );
    }
    if (item.entries) return <Submenu key={item.id} entry={item} items={item.entries} />;
    return <Entry key={item.id} entry={item} />;
  });
}

function Entry({ entry }: { entry: MenuEntry }) {
  const refused = isDisabled(entry.disabledReason);
  return (
    <Menu.Item
      className={classNames(
        ROW,
        refused ? 'cursor-not-allowed text-muted' : entry.danger && 'text-bad',
      )}
      aria-disabled={refused || undefined}
      closeOnClick={!refused}
      onClick={() => !refused && entry.onSelect?.()}
    >
      <Face entry={entry} />
    </Menu.Item>
  );
}

function Face({ entry }: { entry: MenuEntry }) {
  const refused = isDisabled(entry.disabledReason);
  return (
    <>
      <span aria-hidden className="mt-0.5 flex size-4 shrink-0 items-center justify-center">
        {entry.checked ? '✓' : entry.icon}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block">{entry.label}</span>
        {refused && (
          <span className="hidden text-sm text-muted group-data-highlighted:block">
            {reasonText(entry.disabledReason)}
          </span>
        )}
      </span>
      {entry.hint && <span className="ml-4 text-sm text-muted">{entry.hint}</span>}
    </>
  );
}

function Submenu({ entry, items }: { entry: MenuEntry; items: readonly MenuItem[] }) {
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={ROW}>
        <Face entry={entry} />
        <ChevronRight aria-hidden size={14} className="mt-1 ml-auto text-muted" />
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="z-60" sideOffset={-2} alignOffset={-4}>
          <Menu.Popup className={POPUP}>
            <MenuEntries items={items} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}
