// One VM as its page shows it: disks with their filters and NBD addresses, and what may be done
// with it.
import { Fault } from '../../model/fault.ts';
import type { Verdict } from '../../model/verdict.ts';
import { diskBackingSchema, provisioningSchema } from '../../wire/agent/disk-rpc.ts';
import type { DiskView, VmView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readObjectHealth } from '../datastores/stored-objects.ts';
import { readStandIn } from '../failover/read-failover.ts';
import { readVmHa } from '../ha/read-vm-ha.ts';
import type { Caller } from '../permissions/caller.ts';
import { readSnapshots } from '../snapshots/read-snapshots.ts';
import { judgeVmActions } from './judge-vm-actions.ts';
import { toVmSummary } from './read-vms.ts';
import { type DiskRow, readVmRows, type VmRow } from './vm-rows.ts';

/** `NotFound` when there is no such VM. */
export async function readVm(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<VmView> {
  const [row] = await readVmRows(db, { id });
  if (!row) throw new Fault('NotFound', `There is no virtual machine ${id}.`);
  const { vm, disks } = row;
  const judged = await judgeVmActions(db, caller, id);
  const health = await readObjectHealth(db, disks);
  const used = disks.map(({ usedBytes }) => usedBytes);
  return {
    ...toVmSummary(row),
    instanceUuid: vm.instanceUuid,
    datastore: await nameDatastore(db, vm.datastoreId),
    vmxPath: vm.vmxPath,
    homePolicy: await namePolicy(db, vm.policyId),
    residentBytes: Number(vm.residentBytes),
    usedBytes: used.includes(null) ? null : used.reduce((sum, bytes) => sum + Number(bytes), 0),
    disks: disks.map((disk) => ({
      ...toDiskView(disk, row, judged.disks.get(disk.key) ?? {}),
      health: health.get(disk.objectId ?? '') ?? disk.health,
    })),
    snapshots: await readSnapshots(db, vm, judged.snapshots),
    currentSnapshotId: vm.currentSnapshotId,
    consolidationNeeded: vm.consolidationNeeded,
    linkedTo: await readParent(db, vm),
    replacedBy: await readStandIn(db, id),
    ha: await readVmHa(db, vm),
    actions: judged.actions,
  };
}

async function nameDatastore(db: DatabaseTransaction, id: string) {
  const datastore = await db.datastore.findUnique({ where: { id }, select: { name: true } });
  return { id, name: datastore?.name ?? id };
}

async function namePolicy(db: DatabaseTransaction, id: string | null) {
  if (id === null) return null;
  return db.policy.findUnique({ where: { id }, select: { id: true, name: true } });
}

async function readParent(
  db: DatabaseTransaction,
  { parentVmId, parentSnapshotId }: VmRow['vm'],
): Promise<VmView['linkedTo']> {
  if (parentVmId === null || parentSnapshotId === null) return null;
  const parent = await db.vm.findUnique({ where: { id: parentVmId }, select: { name: true } });
  const vm = { id: parentVmId, name: parent?.name ?? parentVmId };
  return { vm, snapshotId: parentSnapshotId };
}

function toDiskView(
  disk: DiskRow,
  { vm, host }: VmRow,
  actions: Record<string, Verdict>,
): DiskView {
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
    usedBytes: disk.usedBytes === null ? null : Number(disk.usedBytes),
    provisioning: provisioningSchema.parse(disk.provisioning),
    backing: diskBackingSchema.parse(disk.backing),
    health: disk.health,
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
    actions,
  };
}
