// The frame around every page that needs a session: tree, header, dock, and the dialogs that the
// URL asks for.
import { type ReactNode, Suspense } from 'react';
import { Console } from '#components/shell/console.tsx';
import { ClientProvider } from '#lib/client/client-provider.tsx';
import { routeTable } from '#lib/wire/api/route-table.ts';
import { Dialogs } from './dialogs.tsx';

export default function ConsoleLayout({ children }: { children: ReactNode }) {
  return (
    <ClientProvider routes={routeTable()}>
      <Suspense>
        <Console dialogs={<Dialogs />}>{children}</Console>
      </Suspense>
    </ClientProvider>
  );
}
