'use client';
// The last traced I/Os of a disk, read once a second from where the last read ended, until paused.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '#lib/client/call.ts';
import { queryKey } from '#lib/client/query-keys.ts';
import type { IoTraceEntry } from '#lib/model/io.ts';
import { mergeEntries } from './trace-rows.ts';

/** How many I/Os the table keeps. */
export const TRACE_KEPT = 100;
const READ_EVERY_MS = 1_000;

export function useIoTrace({
  vmId,
  diskKey,
  live,
}: {
  vmId: string;
  diskKey: number;
  /** False pauses: what stands there stays. */
  live: boolean;
}) {
  const client = useQueryClient();
  const params = { id: vmId, key: String(diskKey) };
  const key = queryKey('readIoTrace', { params, query: { kept: TRACE_KEPT } });
  return useQuery<IoTraceEntry[]>({
    queryKey: key,
    enabled: live,
    refetchInterval: READ_EVERY_MS,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<IoTraceEntry[]>(key) ?? [];
      const after = known.at(-1)?.sequence ?? 0;
      const query = { after, limit: TRACE_KEPT };
      const { entries } = await call('readIoTrace', { params, query, signal });
      return mergeEntries(known, entries, TRACE_KEPT);
    },
  });
}
