// Reads the facts that lib/rules judges by. Every judgement of the product, in views and in tasks,
// begins here.
import { z } from 'zod';
import { groupBy } from '../../base/group-by.ts';
import { diskFilterSchema } from '../../model/filter.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import {
  connectionStateSchema,
  datastoreTypeSchema,
  drsBehaviorSchema,
  hostFilterStateSchema,
  maintenanceStateSchema,
  powerStateSchema,
} from '../../model/inventory.ts';
import { vmTroubleSchema } from '../../model/vm-trouble.ts';
import type { ClusterFacts, DatastoreFacts, HostFacts, VmFacts } from '../../rules/facts.ts';
import { provisioningSchema, snapshotSchema } from '../../wire/agent/disk-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';

const diskFiltersSchema = z.array(diskFilterSchema);
/** Snapshot.disks of the database. */
export const snapshotDisksSchema = snapshotSchema.shape.disks;

/** The hosts that the condition selects (all without one), by name. */
export async function readHostFacts(
  db: DatabaseTransaction,
  where: Prisma.HostWhereInput = {},
): Promise<HostFacts[]> {
  const [hosts, loads] = await Promise.all([
    db.host.findMany({
      where,
      orderBy: { name: 'asc' },
      include: {
        vibs: { where: { filterName: { not: null } } },
        mounts: { include: { datastore: { select: { id: true, name: true } } } },
      },
    }),
    // The database adds up: a host may have thousands of VMs.
    db.vm.groupBy({
      by: ['hostId'],
      where: { host: where, OR: [{ powerState: 'poweredOn' }, { desiredPowerState: 'poweredOn' }] },
      _sum: { memoryMib: true, cpuUsage: true },
    }),
  ]);
  const loadOf = new Map(loads.map(({ hostId, _sum }) => [hostId, _sum]));
  return hosts.map(({ vibs, mounts, ...host }) => ({
    id: host.id,
    name: host.name,
    clusterId: host.clusterId,
    connectionState: connectionStateSchema.parse(host.connectionState),
    maintenanceState: maintenanceStateSchema.parse(host.maintenanceState),
    version: host.version,
    cpuCores: host.cpuCores ?? 0,
    memoryMib: host.memoryMib ?? 0,
    memoryGrantedMib: loadOf.get(host.id)?.memoryMib ?? 0,
    cpuUsage: loadOf.get(host.id)?.cpuUsage ?? 0,
    filters: vibs.map((vib) => ({
      name: vib.filterName ?? '',
      class: filterClassSchema.parse(vib.filterClass),
      vendor: vib.vendor,
      version: vib.version,
      available: vib.available,
    })),
    datastores: mounts.map(({ accessible, datastore }) => ({ ...datastore, accessible })),
  }));
}

const VM_SELECT = {
  id: true,
  name: true,
  hostId: true,
  powerState: true,
  worldState: true,
  trouble: true,
  memoryMib: true,
  cpuUsage: true,
  ...{ isTemplate: true, datastoreId: true, vmxPath: true },
  ...{
    currentSnapshotId: true,
    consolidationNeeded: true,
    parentVmId: true,
    parentSnapshotId: true,
    replacedById: true,
  },
  disks: { orderBy: { key: 'asc' } },
  snapshots: { orderBy: { id: 'asc' } },
} satisfies Prisma.VmSelect;

/** The VMs that the condition selects (all without one), by name; a page of them, if named. */
export async function readVmFacts(
  db: DatabaseTransaction,
  where: Prisma.VmWhereInput = {},
  page: { skip?: number; take?: number } = {},
): Promise<VmFacts[]> {
  const vms = await db.vm.findMany({
    where,
    ...page,
    orderBy: { name: 'asc' },
    select: VM_SELECT,
  });
  const names = await readDatastoreNames(db);
  const nameOf = (id: string): string => names.get(id) ?? id;
  const clones = await readLinkedClones(
    db,
    vms.filter(({ snapshots }) => snapshots.length > 0).map(({ id }) => id),
  );
  const standIns = await readStandIns(
    db,
    vms.flatMap(({ replacedById }) => replacedById ?? []),
  );
  const clonesOf = groupBy(clones, (clone) => `${clone.parentVmId} ${clone.parentSnapshotId}`);
  return vms.map(({ disks, snapshots, parentVmId, parentSnapshotId, replacedById, ...row }) => {
    const { worldState, trouble, ...vm } = row;
    return {
      ...vm,
      isFaulted: worldState === 'faulted',
      waitsForSpaceOn: vm.powerState === 'poweredOn' ? fullPlace(trouble, nameOf) : null,
      powerState: powerStateSchema.parse(vm.powerState),
      datastoreName: nameOf(vm.datastoreId),
      disks: disks.map((disk) => ({
        ...{ key: disk.key, label: disk.label, unit: disk.unit, path: disk.path },
        datastoreId: disk.datastoreId,
        datastoreName: nameOf(disk.datastoreId),
        capacityBytes: Number(disk.capacityBytes),
        usedBytes: disk.usedBytes === null ? null : Number(disk.usedBytes),
        provisioning: provisioningSchema.parse(disk.provisioning),
        filters: diskFiltersSchema.parse(disk.filters),
      })),
      snapshots: snapshots.map(({ id, parentId, name, disks: frozen }) => ({
        ...{ id, parentId, name, disks: snapshotDisksSchema.parse(frozen) },
        linkedClones: (clonesOf.get(`${vm.id} ${id}`) ?? []).map((clone) => ({
          ...{ id: clone.id, name: clone.name },
        })),
      })),
      linkedTo:
        parentVmId !== null && parentSnapshotId !== null
          ? { vmId: parentVmId, snapshotId: parentSnapshotId }
          : null,
      replacedBy:
        replacedById === null
          ? null
          : { id: replacedById, name: standIns.get(replacedById) ?? 'Another virtual machine' },
    };
  });
}

/** Names by id of those that stand in for others; one that was deleted has the name that it had. */
async function readStandIns(db: DatabaseTransaction, ids: string[]) {
  const rows = ids.length === 0 ? [] : await db.recovery.findMany({ where: { vmId: { in: ids } } });
  return new Map(rows.map(({ vmId, vmName }) => [vmId, vmName]));
}

function fullPlace(trouble: unknown, nameOf: (id: string) => string) {
  const { data } = vmTroubleSchema.safeParse(trouble);
  if (data?.kind !== 'noSpace') return null;
  return { id: data.datastoreId, name: nameOf(data.datastoreId) };
}

/** The datastores that the condition selects (all without one), by name. */
export async function readDatastoreFacts(
  db: DatabaseTransaction,
  where: Prisma.DatastoreWhereInput = {},
): Promise<DatastoreFacts[]> {
  const rows = await db.datastore.findMany({ where, orderBy: { name: 'asc' } });
  return rows.map(({ id, name, datacenterId, type, capacityBytes, freeBytes }) => ({
    ...{ id, name, datacenterId, type: datastoreTypeSchema.parse(type) },
    ...{ capacityBytes: Number(capacityBytes), freeBytes: Number(freeBytes) },
  }));
}

async function readDatastoreNames(db: DatabaseTransaction): Promise<Map<string, string>> {
  const rows = await db.datastore.findMany({ select: { id: true, name: true } });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The VMs that build on snapshots of these. */
export async function readLinkedClones(db: DatabaseTransaction, parentIds: string[]) {
  if (parentIds.length === 0) return [];
  return db.vm.findMany({
    where: { parentVmId: { in: parentIds } },
    select: { id: true, name: true, parentVmId: true, parentSnapshotId: true },
    orderBy: { name: 'asc' },
  });
}

/** The clusters that the condition selects (all without one), with each filter's hosts. */
export async function readClusterFacts(
  db: DatabaseTransaction,
  where: Prisma.ClusterWhereInput = {},
): Promise<ClusterFacts[]> {
  const clusters = await db.cluster.findMany({
    where,
    orderBy: { name: 'asc' },
    include: { filters: true, hosts: { select: { filterStates: true } } },
  });
  return clusters.map(({ filters, hosts, ...cluster }) => ({
    id: cluster.id,
    name: cluster.name,
    drs: {
      enabled: cluster.drsEnabled,
      behavior: drsBehaviorSchema.parse(cluster.drsBehavior),
      threshold: cluster.drsThreshold,
    },
    filters: filters.map((filter) => ({
      filterId: filter.filterId,
      name: filter.name,
      vendor: filter.vendor,
      type: filterClassSchema.parse(filter.type),
      hosts: hosts
        .flatMap((host) => host.filterStates)
        .filter((row) => row.filterId === filter.filterId)
        .map(({ hostId, state }) => ({ hostId, state: hostFilterStateSchema.parse(state) })),
    })),
  }));
}
