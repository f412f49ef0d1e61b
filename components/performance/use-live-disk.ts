'use client';
// The newest numbers of one disk, for what is drawn live: the sample, when it was made, whether the
// disk merely does nothing, whether the numbers are older than they should be.
import type { DiskSample, VmSample } from '#lib/model/io.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { useIsStale } from '../objects/number-age.tsx';
import { useAnswers } from '../vms/use-answers.ts';
import { latestDiskSample } from './performance-series.ts';

export interface LiveDisk {
  sample: DiskSample | null;
  /** Milliseconds; null when nothing was measured yet. */
  at: number | null;
  /** Its VM answers, and there was nothing to measure. */
  idle: boolean;
  stale: boolean;
}

/** `samples` is undefined until they were read for the first time. */
export function useLiveDisk(
  vm: VmView,
  diskKey: number,
  samples: readonly VmSample[] | undefined,
): LiveDisk {
  const answers = useAnswers(vm);
  const latest = latestDiskSample(samples ?? [], diskKey);
  const at = latest?.at ?? null;
  const idle = answers && samples !== undefined;
  return { sample: latest?.sample ?? null, at, idle, stale: useIsStale(at, idle) };
}
