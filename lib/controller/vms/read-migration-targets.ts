// Every host with the verdict on moving a VM there: what the migration dialog lists.
import { Fault, type Reason } from '../../model/fault.ts';
import { verdictOf } from '../../model/verdict.ts';
import type { HostFacts } from '../../rules/facts.ts';
import { judgeMigration } from '../../rules/placement.ts';
import type { MigrationTarget } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHostFacts } from '../inventory/read-facts.ts';
import type { Caller } from '../permissions/caller.ts';
import {
  describeMissing,
  listMissingPrivileges,
  type WantedPrivilege,
} from '../permissions/missing-privileges.ts';
import { findVmFacts } from './vm-store.ts';

/** By name, the VM's own host among them. `NotFound` when there is no such VM. */
export async function readMigrationTargets(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  vmId: string,
): Promise<{ targets: MigrationTarget[] }> {
  const vm = await findVmFacts(db, vmId);
  const [hosts, clusters] = await Promise.all([
    readHostFacts(db),
    db.cluster.findMany({ select: { id: true, name: true } }),
  ]);
  const source = hosts.find(({ id }) => id === vm.hostId);
  if (!source) throw new Fault('NotFound', `The host of ${vm.name} is gone.`);
  const migrate = vm.powerState === 'poweredOn' ? 'Resource.HotMigrate' : 'Resource.ColdMigrate';
  const onVm = await readMissing(db, caller, [{ privilege: migrate, objectId: vmId }]);
  const onHosts = await readMissing(
    db,
    caller,
    hosts.map(({ id }) => ({ privilege: 'Resource.AssignVMToPool', objectId: id })),
  );
  const toTarget = (host: HostFacts): MigrationTarget => {
    const { reasons, warnings } = judgeMigration(vm, source, host);
    const missing = [...onVm, ...onHosts.filter(({ objects }) => objects?.includes(host.id))];
    return {
      host: { id: host.id, name: host.name },
      cluster: clusters.find(({ id }) => id === host.clusterId) ?? null,
      current: host.id === source.id,
      verdict: verdictOf([...missing, ...reasons], warnings),
      cpuUsage: host.cpuUsage,
      memoryGrantedMib: host.memoryGrantedMib,
      memoryMib: host.memoryMib,
    };
  };
  return { targets: hosts.map(toTarget) };
}

async function readMissing(
  db: DatabaseTransaction,
  caller: Caller,
  wanted: WantedPrivilege[],
): Promise<Reason[]> {
  return describeMissing(db, caller, await listMissingPrivileges(db, caller, wanted));
}
