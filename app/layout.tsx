// The root of every page: language, theme and density as the person chose them, and the style
// sheet.
import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { DENSITY_COOKIE, readDensity, readTheme, THEME_COOKIE } from '#components/shell/theme.ts';
import './globals.css';

export const metadata: Metadata = {
  title: 'Sluice',
  description: 'Manager for I/O filters on virtual disks',
};

export const viewport: Viewport = { colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const kept = await cookies();
  return (
    <html
      lang="en"
      data-theme={readTheme(kept.get(THEME_COOKIE)?.value)}
      data-density={readDensity(kept.get(DENSITY_COOKIE)?.value)}
    >
      <body>{children}</body>
    </html>
  );
}
