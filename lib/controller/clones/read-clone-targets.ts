// Every host with the verdict on running a clone of a VM: what the clone dialog lists.
import type { Reason } from '../../model/fault.ts';
import { verdictOf } from '../../model/verdict.ts';
import { judgeCloneHost } from '../../rules/storage/clone.ts';
import type { MigrationTarget } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHostFacts } from '../inventory/read-facts.ts';
import type { Caller } from '../permissions/caller.ts';
import { missingPrivilegeReasons } from '../permissions/missing-privileges.ts';
import { findVmFacts } from '../vms/vm-store.ts';

/** By name, the VM's own host among them. `NotFound` when there is no such VM. */
export async function readCloneTargets(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  vmId: string,
): Promise<{ targets: MigrationTarget[] }> {
  const vm = await findVmFacts(db, vmId);
  const hosts = await readHostFacts(db);
  const clusters = await db.cluster.findMany({ select: { id: true, name: true } });
  const missing = await missingPrivilegeReasons(
    db,
    caller,
    hosts.map(({ id }) => ({
      privilege: 'VirtualMachine.Inventory.CreateFromExisting',
      objectId: id,
    })),
  );
  const lacking = (hostId: string): Reason[] =>
    missing.filter(({ objects }) => objects?.includes(hostId));
  return {
    targets: hosts.map((host) => {
      const { reasons, warnings } = judgeCloneHost(vm, host);
      return {
        host: { id: host.id, name: host.name },
        cluster: clusters.find(({ id }) => id === host.clusterId) ?? null,
        current: host.id === vm.hostId,
        verdict: verdictOf([...lacking(host.id), ...reasons], warnings),
        cpuUsage: host.cpuUsage,
        memoryGrantedMib: host.memoryGrantedMib,
        memoryMib: host.memoryMib,
      };
    }),
  };
}
