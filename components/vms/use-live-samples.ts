'use client';
// The measured numbers of a VM over the last minutes, read once a second from where the last read ended.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '#lib/client/call.ts';
import { queryKey } from '#lib/client/query-keys.ts';
import type { VmSample } from '#lib/model/io.ts';
import { mergeSamples } from './performance-series.ts';

/** How far back the charts reach, in milliseconds. */
export const SAMPLE_WINDOW_MS = 5 * 60 * 1000;
/** Numbers older than this look stale, in milliseconds. */
export const STALE_AFTER_MS = 5_000;
const READ_EVERY_MS = 1_000;

export function useLiveSamples(vmId: string, { enabled }: { enabled: boolean }) {
  const client = useQueryClient();
  const key = queryKey('readSamples', {
    params: { id: vmId },
    query: { window: SAMPLE_WINDOW_MS },
  });
  return useQuery<VmSample[]>({
    queryKey: key,
    enabled,
    refetchInterval: READ_EVERY_MS,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<VmSample[]>(key) ?? [];
      const since = known.at(-1)?.at ?? 0;
      const answer = await call('readSamples', {
        params: { id: vmId },
        query: { since: Math.floor(since) },
        signal,
      });
      return mergeSamples(known, answer.samples, SAMPLE_WINDOW_MS);
    },
  });
}
