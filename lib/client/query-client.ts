// The cache of answers. An answer stays good until the change stream says otherwise, so nothing is
// fetched twice for looking at it twice.
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';

const RETRIES = 2;

/**
 * A cache for one page load. An answer that says "not signed in" ends the session everywhere on the
 * page.
 */
export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        if (isSignedOut(error)) client.setQueryData(queryKey('readSession'), null);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 5 * 60 * 1000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < RETRIES && isWorthRetrying(error),
      },
      mutations: { retry: false },
    },
  });
  return client;
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.fault === 'NotAuthenticated';
}

/** A refusal stays a refusal; only silence and trouble on the way are worth another try. */
function isWorthRetrying(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 0 || error.status >= 502);
}
