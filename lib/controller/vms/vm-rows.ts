// The rows that VM views are made of: VMs, their disks with policies, and what their hosts have
// installed. Four queries, whatever the number of VMs.
import { z } from 'zod';
import { groupBy } from '../../base/group-by.ts';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { type ComplianceResult, judgeCompliance } from '../../rules/compliance.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Datastore, Disk, Prisma, Vm } from '../database/generated/client.ts';

const diskFiltersSchema = z.array(diskFilterSchema);

export interface HostOfVm {
  id: string;
  name: string;
  agentUrl: string;
  connectionState: string;
  cluster: { id: string; name: string } | null;
  /** `<name> <class>` of every filter that is installed and available. */
  filters: Set<string>;
}

export interface DiskRow extends Omit<Disk, 'filters' | 'reportedFilters'> {
  filters: DiskFilter[];
  reportedFilters: DiskFilter[] | null;
  datastore: Pick<Datastore, 'id' | 'name'>;
  policy: { id: string; name: string; generation: number } | null;
  compliance: ComplianceResult;
}

export interface VmRow {
  vm: Vm;
  host: HostOfVm;
  disks: DiskRow[];
  snapshotCount: number;
}

/** The VMs that the condition selects (all without one), by name. */
export async function readVmRows(
  db: DatabaseTransaction,
  where: Prisma.VmWhereInput = {},
): Promise<VmRow[]> {
  const [vms, disks, hosts] = await Promise.all([
    db.vm.findMany({
      where,
      orderBy: { name: 'asc' },
      include: { _count: { select: { snapshots: true } } },
    }),
    db.disk.findMany({
      where: { vm: where },
      orderBy: { key: 'asc' },
      include: {
        datastore: { select: { id: true, name: true } },
        policy: { select: { id: true, name: true, generation: true } },
      },
    }),
    readHostsOfVms(db),
  ]);
  const disksByVm = groupBy(disks, (disk) => disk.vmId);
  return vms.flatMap((vm) => {
    const host = hosts.get(vm.hostId);
    // A host that joined between the queries: its VMs come with the next reading.
    if (!host) return [];
    const rows = disksByVm.get(vm.id) ?? [];
    const snapshotCount = vm._count.snapshots;
    return [{ vm, host, disks: rows.map((disk) => toDiskRow(disk, vm, host)), snapshotCount }];
  });
}

/** The hosts with these ids, or all; by id. */
export async function readHostsOfVms(
  db: DatabaseTransaction,
  ids: readonly string[] | null = null,
): Promise<Map<string, HostOfVm>> {
  const rows = await db.host.findMany({
    ...(ids && { where: { id: { in: [...ids] } } }),
    select: {
      ...{ id: true, name: true, agentUrl: true, connectionState: true },
      cluster: { select: { id: true, name: true } },
      vibs: {
        where: { filterName: { not: null }, available: true },
        select: { filterName: true, filterClass: true },
      },
    },
  });
  return new Map(
    rows.map(({ vibs, ...host }) => {
      const filters = new Set(vibs.map((vib) => `${vib.filterName} ${vib.filterClass}`));
      return [host.id, { ...host, filters }];
    }),
  );
}

type FoundDisk = Disk & Pick<DiskRow, 'datastore' | 'policy'>;

function toDiskRow(disk: FoundDisk, vm: Vm, host: HostOfVm): DiskRow {
  const filters = parseFilters(disk.filters) ?? [];
  const reportedFilters = parseFilters(disk.reportedFilters);
  const compliance = judgeDisk({ ...disk, filters, reportedFilters }, vm.powerState, host);
  return { ...disk, filters, reportedFilters, compliance };
}

/** Whether a disk of a VM in that power state is as its policy wants it. */
export function judgeDisk(
  disk: Pick<DiskRow, 'policyGeneration' | 'filters' | 'reportedFilters'> & {
    policy: { name: string; generation: number } | null;
  },
  powerState: string,
  host: HostOfVm,
): ComplianceResult {
  return judgeCompliance({
    policy: disk.policy,
    appliedGeneration: disk.policyGeneration,
    filters: disk.filters,
    reportedFilters: disk.reportedFilters,
    isPoweredOn: powerState === 'poweredOn',
    host: {
      name: host.name,
      isConnected: host.connectionState === 'connected',
      hasFilter: (filter) => host.filters.has(`${filter.name} ${filter.class}`),
    },
  });
}

export function parseFilters(value: Disk['filters'] | null): DiskFilter[] | null {
  return diskFiltersSchema.nullable().parse(value);
}
