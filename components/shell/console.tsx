'use client';
// The frame of the console: header, tree at the left, page in the middle, dock below. Shown to who
// is signed in; all others are led to the sign-in page and back.
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { ToastArea } from '#components/ui/overlays/toast.tsx';
import { ErrorState } from '#components/ui/states/error-state.tsx';
import { useSession } from '#lib/client/use-session.ts';
import { ConnectionNotice } from './connection-notice.tsx';
import { Dock } from './dock/dock.tsx';
import { Header } from './header/header.tsx';
import { Logo } from './logo.tsx';
import { Splitter } from './splitter.tsx';
import { InventoryTree } from './tree/inventory-tree.tsx';
import { useMediaQuery } from './use-media-query.ts';
import { useStoredFlag, useStoredNumber } from './use-stored.ts';

export interface ConsoleProps {
  /** What app/(console)/dialogs.tsx draws for the URL. */
  dialogs: ReactNode;
  children: ReactNode;
}

const TREE_PIXELS = { min: 180, max: 560, initial: 264 } as const;

export function Console({ dialogs, children }: ConsoleProps) {
  const { data: session, error, refetch } = useSession();
  const hydrated = useHydrated();
  useSignInWhenNeeded(session === null);
  if (session && hydrated) {
    return (
      <>
        <Frame>{children}</Frame>
        {dialogs}
        <ToastArea />
      </>
    );
  }
  return (
    <main className="flex h-full items-center justify-center">
      {error ? (
        <ErrorState
          error={error}
          title="The console cannot reach the server"
          onRetry={() => void refetch()}
        />
      ) : (
        <div role="status" aria-label="Loading the console" className="animate-pulse text-muted">
          <Logo size={40} />
        </div>
      )}
    </main>
  );
}

function Frame({ children }: { children: ReactNode }) {
  // Where it is narrow the tree lies over the page, and stays away until it is asked for.
  const narrow = useMediaQuery('(max-width: 1023px)');
  const [treeOpen, setTreeOpen] = useStoredFlag(narrow ? 'tree.open.narrow' : 'tree.open', !narrow);
  const [treePixels, setTreePixels] = useStoredNumber('tree.width', TREE_PIXELS.initial);
  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <a
        href="#main"
        className="fixed top-1 left-1 z-80 -translate-y-12 rounded-md bg-accent px-3 py-1.5
          text-on-accent focus:translate-y-0"
      >
        Skip to the page
      </a>
      <Header treeOpen={treeOpen} onToggleTree={() => setTreeOpen(!treeOpen)} />
      <ConnectionNotice />
      <div className="relative flex min-h-0 flex-1">
        {treeOpen && (
          <aside
            className="relative shrink-0 border-r border-line max-lg:absolute max-lg:inset-y-0
              max-lg:z-30 max-lg:shadow-popup"
            style={{ width: treePixels }}
          >
            <InventoryTree />
            <Splitter
              label="Width of the inventory"
              edge="right"
              value={treePixels}
              onChange={setTreePixels}
              {...TREE_PIXELS}
            />
          </aside>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          <main
            id="main"
            tabIndex={-1}
            className="relative flex min-h-0 flex-1 flex-col outline-none"
          >
            {children}
          </main>
          <Dock />
        </div>
      </div>
    </div>
  );
}

/**
 * False on the server and in the first frame of the browser: the session may have been read before
 * this part is hydrated, and what is drawn then must be what the server drew.
 */
function useHydrated(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
}

/** Keeps the page that was asked for, so that signing in leads back to it. */
function useSignInWhenNeeded(needed: boolean): void {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams().toString();
  useEffect(() => {
    if (!needed) return;
    const next = search === '' ? pathname : `${pathname}?${search}`;
    router.replace(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`);
  }, [needed, pathname, search, router]);
}
