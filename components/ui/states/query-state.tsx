'use client';
// A query's three states in one place: skeleton, error with a retry, or the children with the
// data.
// Props: `query` (what a React Query hook returned), `lines` of the skeleton, `children` as a
// function of the data.
import type { ReactNode } from 'react';
import { ErrorState } from './error-state.tsx';
import { Skeleton } from './skeleton.tsx';

export interface QueryStateProps<Data> {
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  lines?: number;
  children: (data: Data) => ReactNode;
}

export function QueryState<Data>({ query, lines = 6, children }: QueryStateProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className="p-4">
      <Skeleton lines={lines} />
    </div>
  );
}
