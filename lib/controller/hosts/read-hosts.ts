// Hosts as lists show them, with what is wrong with each. Two queries, whatever the number of
// hosts.
import { connectionStateSchema, maintenanceStateSchema } from '../../model/inventory.ts';
import type { HostSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';
import { hostIssues } from './host-issues.ts';

/** The hosts that the condition selects (all without one), by name. */
export async function readHosts(
  db: DatabaseTransaction,
  where: Prisma.HostWhereInput = {},
): Promise<HostSummary[]> {
  const [rows, loads] = await Promise.all([readRows(db, where), readLoads(db)]);
  return rows.map((row) => toHostSummary(row, loads.get(row.id) ?? NO_LOAD));
}

async function readRows(db: DatabaseTransaction, where: Prisma.HostWhereInput) {
  return db.host.findMany({
    where,
    orderBy: { name: 'asc' },
    include: {
      cluster: { include: { filters: true } },
      filterStates: true,
      vibs: { where: { filterId: { not: null } } },
    },
  });
}

type HostRow = Awaited<ReturnType<typeof readRows>>[number];

interface HostLoad {
  vms: number;
  poweredOn: number;
  memoryMib: number;
  cpu: number;
}
const NO_LOAD: HostLoad = { vms: 0, poweredOn: 0, memoryMib: 0, cpu: 0 };

async function readLoads(db: DatabaseTransaction): Promise<Map<string, HostLoad>> {
  const groups = await db.vm.groupBy({
    by: ['hostId', 'powerState'],
    _count: { _all: true },
    _sum: { memoryMib: true, cpuUsage: true },
  });
  const loads = new Map<string, HostLoad>();
  for (const { hostId, powerState, _count, _sum } of groups) {
    const load = loads.get(hostId) ?? { ...NO_LOAD };
    load.vms += _count._all;
    if (powerState === 'poweredOn') {
      load.poweredOn += _count._all;
      load.memoryMib += _sum.memoryMib ?? 0;
      load.cpu += _sum.cpuUsage ?? 0;
    }
    loads.set(hostId, load);
  }
  return loads;
}

function toHostSummary(row: HostRow, load: HostLoad): HostSummary {
  return {
    id: row.id,
    name: row.name,
    cluster: row.cluster && { id: row.cluster.id, name: row.cluster.name },
    connectionState: connectionStateSchema.parse(row.connectionState),
    connectionReason: row.connectionReason,
    maintenanceState: maintenanceStateSchema.parse(row.maintenanceState),
    version: row.version,
    build: row.build,
    acceptanceLevel: row.acceptanceLevel,
    cpuCores: row.cpuCores,
    memoryMib: row.memoryMib,
    vmCount: load.vms,
    poweredOnVmCount: load.poweredOn,
    memoryGrantedMib: load.memoryMib,
    cpuUsage: load.cpu,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    issues: hostIssues({
      host: row,
      clusterName: row.cluster?.name ?? '',
      clusterFilters: row.cluster?.filters ?? [],
      states: row.filterStates,
      vibs: row.vibs,
    }),
  };
}
