'use client';
// Whether a VM's process answers, so that numbers which are not new mean that there was no I/O.
import { useStreamState } from '#lib/client/use-change-stream.ts';
import type { VmSummary } from '#lib/wire/api/inventory.ts';

/** False too while this page does not hear of changes: then nobody knows. */
export function useAnswers(vm: Pick<VmSummary, 'powerState' | 'worldState'>): boolean {
  const stream = useStreamState();
  return stream !== 'stale' && vm.powerState === 'poweredOn' && vm.worldState === 'running';
}
