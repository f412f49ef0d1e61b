// One VM as its page shows it: disks with their filters and NBD addresses, and what may be done
// with it.
import { Fault } from '../../model/fault.ts';
import type { DiskView, VmView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeVmActions } from './judge-vm-actions.ts';
import { toVmSummary } from './read-vms.ts';
import { type DiskRow, readVmRows, type VmRow } from './vm-rows.ts';

/** `NotFound` when there is no such VM. */
export async function readVm(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<VmView> {
  const [[row], actions, home] = await Promise.all([
    readVmRows(db, { id }),
    judgeVmActions(db, caller, id),
    db.vm.findUnique({ where: { id }, select: { datastoreId: true, policy: true } }),
  ]);
  if (!row || !home) throw new Fault('NotFound', `There is no virtual machine ${id}.`);
  const datastore = await db.datastore.findUnique({ where: { id: home.datastoreId } });
  const { vm, disks } = row;
  return {
    ...toVmSummary(row),
    instanceUuid: vm.instanceUuid,
    datastore: { id: home.datastoreId, name: datastore?.name ?? home.datastoreId },
    vmxPath: vm.vmxPath,
    homePolicy: home.policy && { id: home.policy.id, name: home.policy.name },
    residentBytes: Number(vm.residentBytes),
    disks: disks.map((disk) => toDiskView(disk, row)),
    actions,
  };
}

function toDiskView(disk: DiskRow, { vm, host }: VmRow): DiskView {
  const isServed = vm.powerState === 'poweredOn' && vm.nbdPort > 0;
  const { hostname } = new URL(host.agentUrl);
  const socket = encodeURIComponent(vm.nbdSocketPath);
  return {
    key: disk.key,
    label: disk.label,
    unit: disk.unit,
    datastore: disk.datastore,
    path: disk.path,
    capacityBytes: Number(disk.capacityBytes),
    policy: disk.policy && { id: disk.policy.id, name: disk.policy.name },
    compliance: disk.compliance.status,
    complianceReason: disk.compliance.reason,
    filters: disk.reportedFilters ?? disk.filters,
    nbdUri: isServed ? `nbd://${hostname}:${vm.nbdPort}/${disk.unit}` : null,
    nbdUnixUri:
      isServed && vm.nbdSocketPath !== ''
        ? `nbd+unix:///${disk.unit}?socket=${socket.replaceAll('%2F', '/')}`
        : null,
    connections: disk.connections,
  };
}
