// What a VM's disks are doing: samples, the trace of the last I/Os, and workloads; and what filters
// do on a host.
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { HostFilterSample, IoTraceEntry, VmSample } from '../model/io.ts';
import { call } from './call.ts';
import type { ProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';
import { type LiveOptions, useCall, useChange } from './use-call.ts';

/** Samples that a page keeps: an hour at one a second. */
const SAMPLES_MAX = 3_600;
/** Trace entries that a page keeps. */
const TRACE_MAX = 500;
const TRACE_PAGE = 200;

/** The VM's samples of the last hour, oldest first, fetched once and then only what is new. */
export function useSamples(
  vmId: string,
  { enabled = true, refetchMs }: LiveOptions = {},
): UseQueryResult<VmSample[], ProblemError> {
  const client = useQueryClient();
  const params = { id: vmId };
  const key = queryKey('readSamples', { params });
  return useQuery<VmSample[], ProblemError>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<VmSample[]>(key) ?? [];
      const since = known.at(-1)?.at ?? 0;
      const { samples } = await call('readSamples', { params, query: { since }, signal });
      return [...known, ...samples.filter((sample) => sample.at > since)].slice(-SAMPLES_MAX);
    },
    enabled,
    ...(refetchMs === undefined ? {} : { refetchInterval: refetchMs }),
  });
}

/** What the filters of a host did in the last hour, in the same way. */
export function useHostSamples(
  hostId: string,
  { enabled = true, refetchMs }: LiveOptions = {},
): UseQueryResult<HostFilterSample[], ProblemError> {
  const client = useQueryClient();
  const params = { id: hostId };
  const key = queryKey('readHostSamples', { params });
  return useQuery<HostFilterSample[], ProblemError>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<HostFilterSample[]>(key) ?? [];
      const since = known.at(-1)?.at ?? 0;
      const { samples } = await call('readHostSamples', { params, query: { since }, signal });
      return [...known, ...samples.filter((sample) => sample.at > since)].slice(-SAMPLES_MAX);
    },
    enabled,
    ...(refetchMs === undefined ? {} : { refetchInterval: refetchMs }),
  });
}

/**
 * The last I/Os of one disk with every crossing, newest last. Asking makes the host trace every
 * I/O.
 */
export function useIoTrace(
  { vmId, diskKey }: { vmId: string; diskKey: number },
  { enabled = true, refetchMs = 1_000 }: LiveOptions = {},
): UseQueryResult<IoTraceEntry[], ProblemError> {
  const client = useQueryClient();
  const params = { id: vmId, key: String(diskKey) };
  const key = queryKey('readIoTrace', { params });
  return useQuery<IoTraceEntry[], ProblemError>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<IoTraceEntry[]>(key) ?? [];
      const after = known.at(-1)?.sequence ?? 0;
      const query = { after, limit: TRACE_PAGE };
      const { entries } = await call('readIoTrace', { params, query, signal });
      const [first] = entries;
      // A world that was started again counts from the beginning.
      const kept = first && first.sequence <= after ? [] : known;
      return [...kept, ...entries].slice(-TRACE_MAX);
    },
    enabled,
    refetchInterval: refetchMs,
  });
}

/** The workloads that run, or ran last, on the VM's disks. */
export function useWorkloads(
  vmId: string,
  { enabled = true, refetchMs = 1_000 }: LiveOptions = {},
) {
  return useCall('listWorkloads', { params: { id: vmId } }, { enabled, refetchMs });
}

export function useStartWorkload() {
  return useChange('startWorkload');
}

export function useStopWorkload() {
  return useChange('stopWorkload');
}
