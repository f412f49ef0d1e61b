'use client';
// The browser's half of the product around a page: the cache of answers, kept live while somebody
// is signed in.
import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { systemClock } from '../base/system-clock.ts';
import type { RouteTable } from '../wire/api/route-table.ts';
import { makeQueryClient } from './query-client.ts';
import { learnRoutes } from './route-addresses.ts';
import { useChangeStream } from './use-change-stream.ts';
import { useSession } from './use-session.ts';

export interface ClientProviderProps {
  /** Where every route is; the same for all pages. */
  routes: RouteTable;
  children: ReactNode;
}

export function ClientProvider({ routes, children }: ClientProviderProps) {
  const [client] = useState(() => {
    learnRoutes(routes);
    return makeQueryClient();
  });
  return (
    <QueryClientProvider client={client}>
      <Live />
      {children}
    </QueryClientProvider>
  );
}

function Live() {
  const { data: session } = useSession();
  useChangeStream(systemClock, session != null);
  return null;
}
