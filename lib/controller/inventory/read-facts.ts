// Reads the facts that lib/rules judges by. Every judgement of the product, in views and in tasks,
// begins here.
import { z } from 'zod';
import { diskFilterSchema } from '../../model/filter.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import {
  connectionStateSchema,
  drsBehaviorSchema,
  hostFilterStateSchema,
  maintenanceStateSchema,
  powerStateSchema,
} from '../../model/inventory.ts';
import type { ClusterFacts, HostFacts, VmFacts } from '../../rules/facts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';

const diskFiltersSchema = z.array(diskFilterSchema);

/** The hosts that the condition selects (all without one), by name. */
export async function readHostFacts(
  db: DatabaseTransaction,
  where: Prisma.HostWhereInput = {},
): Promise<HostFacts[]> {
  const hosts = await db.host.findMany({
    where,
    orderBy: { name: 'asc' },
    include: {
      vibs: { where: { filterName: { not: null } } },
      mounts: { include: { datastore: { select: { id: true, name: true } } } },
      vms: {
        select: { memoryMib: true, cpuUsage: true, powerState: true, desiredPowerState: true },
      },
    },
  });
  return hosts.map(({ vibs, mounts, vms, ...host }) => ({
    id: host.id,
    name: host.name,
    clusterId: host.clusterId,
    connectionState: connectionStateSchema.parse(host.connectionState),
    maintenanceState: maintenanceStateSchema.parse(host.maintenanceState),
    version: host.version,
    cpuCores: host.cpuCores ?? 0,
    memoryMib: host.memoryMib ?? 0,
    memoryGrantedMib: sum(vms.filter(isOn).map((vm) => vm.memoryMib)),
    cpuUsage: sum(vms.filter(isOn).map((vm) => vm.cpuUsage)),
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

/** The VMs that the condition selects (all without one), by name. */
export async function readVmFacts(
  db: DatabaseTransaction,
  where: Prisma.VmWhereInput = {},
): Promise<VmFacts[]> {
  const vms = await db.vm.findMany({
    where,
    orderBy: { name: 'asc' },
    select: {
      id: true,
      name: true,
      hostId: true,
      powerState: true,
      memoryMib: true,
      cpuUsage: true,
      disks: { include: { datastore: { select: { name: true } } }, orderBy: { key: 'asc' } },
    },
  });
  return vms.map(({ disks, ...vm }) => ({
    ...vm,
    powerState: powerStateSchema.parse(vm.powerState),
    disks: disks.map((disk) => ({
      key: disk.key,
      label: disk.label,
      datastoreId: disk.datastoreId,
      datastoreName: disk.datastore.name,
      filters: diskFiltersSchema.parse(disk.filters),
    })),
  }));
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

function isOn(vm: { powerState: string; desiredPowerState: string }): boolean {
  return vm.powerState === 'poweredOn' || vm.desiredPowerState === 'poweredOn';
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
