// The facts that most operations on a virtual machine judge by: itself and its host.
import type { HostFacts, VmFacts } from '../../rules/facts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { findVmFacts } from './vm-store.ts';

export interface ObservedVm {
  target: VmFacts;
  vm: VmFacts;
  host: HostFacts;
}

/** `NotFound` when there is no such VM. */
export async function observeVm(
  tx: DatabaseTransaction,
  { vmId }: { vmId: string },
): Promise<ObservedVm> {
  const vm = await findVmFacts(tx, vmId);
  return { target: vm, vm, host: await findHostFacts(tx, vm.hostId) };
}
