'use client';
// The top bar: pages, where one is, search, alarms, appearance, user.
import { Menu as MenuIcon, PanelLeft } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { IconButton } from '#components/ui/icon-button.tsx';
import { Menu } from '#components/ui/overlays/menu.tsx';
import { Logo } from '../logo.tsx';
import { AlarmsBell } from './alarms-bell.tsx';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ON_HEADER } from './on-header.ts';
import { PAGES } from './pages.ts';
import { AppearanceMenu, UserMenu } from './user-menu.tsx';

export interface HeaderProps {
  treeOpen: boolean;
  onToggleTree: () => void;
}

export function Header({ treeOpen, onToggleTree }: HeaderProps) {
  const router = useRouter();
  return (
    <header className="flex h-11 shrink-0 items-center gap-1 bg-header px-2 text-header-ink">
      <IconButton
        label={treeOpen ? 'Hide the inventory' : 'Show the inventory'}
        icon={<PanelLeft size={16} />}
        aria-expanded={treeOpen}
        onClick={onToggleTree}
        className={ON_HEADER}
      />
      <Menu
        trigger={<IconButton label="Pages" icon={<MenuIcon size={16} />} className={ON_HEADER} />}
        items={PAGES.map(({ path, label, icon: Icon }) => ({
          id: path,
          label,
          icon: <Icon size={15} />,
          onSelect: () => router.push(path),
        }))}
      />
      <Link
        href="/"
        className="mr-2 flex items-center gap-2 rounded-md px-1.5 py-1 font-semibold
          text-header-ink hover:no-underline focus-visible:outline-header-ink"
      >
        <Logo />
        <span className="max-sm:sr-only">Sluice</span>
      </Link>
      <Breadcrumbs />
      <div className="ml-auto flex items-center gap-1">
        <CommandPalette />
        <AlarmsBell />
        <AppearanceMenu />
        <UserMenu />
      </div>
    </header>
  );
}
