'use client';
// Who is signed in, with password and sign-out; and how the console looks: theme and density.
import { CircleUser, SunMoon } from 'lucide-react';
import { useState } from 'react';
import { IconButton } from '#components/ui/icon-button.tsx';
import { Menu } from '#components/ui/overlays/menu.tsx';
import type { MenuItem } from '#components/ui/overlays/menu-item.ts';
import { showFault } from '#components/ui/overlays/toast.tsx';
import { useSession, useSignOut } from '#lib/client/use-session.ts';
import { openDialog } from '../dialog-url.ts';
import {
  applyDensity,
  applyTheme,
  currentDensity,
  currentTheme,
  DENSITIES,
  type Density,
  THEME_LABELS,
  THEMES,
  type Theme,
} from '../theme.ts';
import { ON_HEADER } from './on-header.ts';

const DENSITY_LABELS: Record<Density, string> = { compact: 'Compact', comfortable: 'Comfortable' };

export function AppearanceMenu() {
  const [now, setNow] = useState<{ theme: Theme; density: Density } | null>(null);
  const items: MenuItem[] = [
    { heading: 'Theme' },
    ...THEMES.map((theme) => ({
      id: theme,
      label: THEME_LABELS[theme],
      checked: now?.theme === theme,
      onSelect: () => applyTheme(theme),
    })),
    'separator',
    { heading: 'Rows' },
    ...DENSITIES.map((density) => ({
      id: density,
      label: DENSITY_LABELS[density],
      checked: now?.density === density,
      onSelect: () => applyDensity(density),
    })),
  ];
  return (
    <Menu
      align="end"
      trigger={<IconButton label="Appearance" icon={<SunMoon size={16} />} className={ON_HEADER} />}
      items={items}
      onOpenChange={(open) => open && setNow({ theme: currentTheme(), density: currentDensity() })}
    />
  );
}

export function UserMenu() {
  const { data: session } = useSession();
  const { signOut } = useSignOut();
  const name = session?.user.fullName || session?.user.name || '';
  const leave = async () => {
    try {
      await signOut();
    } catch (thrown) {
      showFault('You are still signed in', thrown);
    }
  };
  return (
    <Menu
      align="end"
      trigger={
        <IconButton label={`User ${name}`} icon={<CircleUser size={17} />} className={ON_HEADER} />
      }
      items={[
        { heading: [name, ...(session?.roles ?? [])].join(' · ') },
        {
          id: 'password',
          label: 'Change password…',
          onSelect: () => openDialog('changePassword', {}),
        },
        'separator',
        { id: 'sign-out', label: 'Sign out', onSelect: () => void leave() },
      ]}
    />
  );
}
