// Stops a workload that runs on a VM.
import { stopWorkload as stopWorkloadRpc } from '../../wire/agent/host-rpc.ts';
import type { Agents } from '../agents/agent-client.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { findVm } from '../vms/vm-store.ts';
import { requireConnectable } from './start-workload.ts';

/** `NotFound`, `NoPermission`, `InvalidPowerState`, and the host's faults. */
export async function stopWorkload(
  { db, agents }: { db: Database; agents: Agents },
  caller: Caller,
  { vmId, workloadId }: { vmId: string; workloadId: string },
): Promise<void> {
  const vm = await findVm(db, vmId);
  await requireConnectable(db, caller, vm);
  await agents.call(vm.host, stopWorkloadRpc, { workloadId }, { patienceMs: 5_000 });
  await transact(db, (tx) => recordChange(tx, { object: vm.id, path: 'workloads' }));
}
