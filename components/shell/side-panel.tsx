'use client';
// The right pane: shows what is picked in a list without leaving the list. Its object stands in
// the URL (`?panel=vm-12`).
// Props: `title`, `icon`, `href` (its own page), `children`; `useSidePanel()` gives the picked id
// and opens and closes.
import { SquareArrowOutUpRight, X } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useCallback } from 'react';
import { IconButton } from '#components/ui/icon-button.tsx';
import { useUrlParam } from '#components/ui/use-url-param.ts';
import { Splitter } from './splitter.tsx';
import { useStoredNumber } from './use-stored.ts';

export interface SidePanelProps {
  title: string;
  icon?: ReactNode;
  href?: string;
  children: ReactNode;
}

const PANEL_PIXELS = { min: 280, max: 720, initial: 400 } as const;

export function useSidePanel() {
  const [picked, setPicked] = useUrlParam('panel', '');
  const open = useCallback((id: string) => setPicked(id, 'push'), [setPicked]);
  const close = useCallback(() => setPicked('', 'push'), [setPicked]);
  return { picked: picked === '' ? null : picked, open, close };
}

export function SidePanel({ title, icon, href, children }: SidePanelProps) {
  const { close } = useSidePanel();
  const [pixels, setPixels] = useStoredNumber('panel.width', PANEL_PIXELS.initial);
  return (
    <aside
      aria-label={title}
      onKeyDown={(event) => event.key === 'Escape' && close()}
      className="relative flex min-h-0 shrink-0 flex-col border-l border-line bg-surface
        max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:z-20 max-lg:shadow-popup"
      style={{ width: pixels, maxWidth: '90%' }}
    >
      <Splitter
        label="Width of the panel"
        edge="left"
        value={pixels}
        onChange={setPixels}
        {...PANEL_PIXELS}
      />
      <div className="flex min-h-10 items-center gap-2 border-b border-line px-4">
        {icon}
        <h2 className="min-w-0 truncate text-lg font-semibold">{title}</h2>
        <div className="ml-auto flex items-center gap-1">
          {href && (
            <Link
              href={href}
              aria-label={`Open ${title}`}
              className="inline-flex size-7 items-center justify-center rounded-md text-ink
                hover:bg-hover"
            >
              <SquareArrowOutUpRight aria-hidden size={15} />
            </Link>
          )}
          <IconButton label="Close the panel" icon={<X size={16} />} onClick={close} />
        </div>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
    </aside>
  );
}
