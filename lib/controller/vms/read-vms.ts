// VMs as lists show them. The database adds their disks up, and compliance is judged once for all
// disks that are alike, so that a list of ten thousand is made while one waits for it.
import { z } from 'zod';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { type PowerState, powerStateSchema } from '../../model/inventory.ts';
import { type VmTrouble, vmTroubleSchema } from '../../model/vm-trouble.ts';
import { type ComplianceStatus, worstCompliance } from '../../rules/compliance.ts';
import type { VmSummary } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';
import { type HostOfVm, judgeDisk, readHostsOfVms, type VmRow } from './vm-rows.ts';

/** VMs of more hosts than this are read with all hosts. */
const HOSTS_NAMED_MAX = 100;

/** Those named, those of a host, those of a cluster, or all. */
export interface ChosenVms {
  ids?: string[];
  hostId?: string;
  clusterId?: string;
  /** Not more than so many, the first by name. */
  limit?: number;
}

interface Row {
  id: string;
  name: string;
  hostId: string;
  powerState: string;
  worldState: string;
  worldMessage: string;
  trouble: unknown;
  guestFullName: string;
  cpuCount: number;
  memoryMib: number;
  cpuUsage: number;
  isTemplate: boolean;
  snapshotCount: number;
  diskCount: number;
  provisionedBytes: number;
  /** Policy, applied generation, filters and reported filters of each disk, as JSON. */
  chains: string;
}

const chainsSchema = z.array(
  z.tuple([
    z.string().nullable(),
    z.number().nullable(),
    z.array(diskFilterSchema),
    z.array(diskFilterSchema).nullable(),
  ]),
);

/** By name. */
export async function readVms(
  db: DatabaseTransaction,
  { ids, hostId, clusterId, limit }: ChosenVms = {},
): Promise<VmSummary[]> {
  const conditions = [
    ...(ids ? [Prisma.sql`v."id" = ANY(${ids})`] : []),
    ...(hostId ? [Prisma.sql`v."hostId" = ${hostId}`] : []),
    ...(clusterId
      ? [Prisma.sql`v."hostId" IN (SELECT h."id" FROM "Host" h WHERE h."clusterId" = ${clusterId})`]
      : []),
  ];
  const where =
    conditions.length > 0 ? Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}` : Prisma.empty;
  const first = limit === undefined ? Prisma.empty : Prisma.sql`ORDER BY v."name" LIMIT ${limit}`;
  const rows = await db.$queryRaw<Row[]>`
    WITH chosen AS (SELECT * FROM "Vm" v ${where} ${first}), disks AS (
      SELECT d."vmId", count(*)::int AS "diskCount",
        sum(d."capacityBytes")::float8 AS "provisionedBytes",
        jsonb_agg(jsonb_build_array(
          d."policyId", d."policyGeneration", d."filters", d."reportedFilters"
        ) ORDER BY d."key")::text AS chains
      FROM "Disk" d JOIN chosen c ON c."id" = d."vmId" GROUP BY d."vmId"
    ), snapshots AS (
      SELECT s."vmId", count(*)::int AS "snapshotCount"
      FROM "Snapshot" s JOIN chosen c ON c."id" = s."vmId" GROUP BY s."vmId"
    )
    SELECT c."id", c."name", c."hostId", c."powerState", c."worldState", c."worldMessage",
      c."trouble", c."guestFullName", c."cpuCount", c."memoryMib", c."cpuUsage", c."isTemplate",
      COALESCE(s."snapshotCount", 0) AS "snapshotCount", COALESCE(d."diskCount", 0) AS "diskCount",
      COALESCE(d."provisionedBytes", 0) AS "provisionedBytes", COALESCE(d.chains, '[]') AS chains
    FROM chosen c LEFT JOIN disks d ON d."vmId" = c."id"
      LEFT JOIN snapshots s ON s."vmId" = c."id"
    ORDER BY c."name"`;
  const hostIds = new Set(rows.map((row) => row.hostId));
  const hosts = await readHostsOfVms(db, hostIds.size > HOSTS_NAMED_MAX ? null : [...hostIds]);
  const policies = await db.policy.findMany({ select: { id: true, name: true, generation: true } });
  const judge = rememberAlike(new Map(policies.map((policy) => [policy.id, policy])));
  return rows.flatMap(({ chains, hostId: id, ...row }) => {
    const host = hosts.get(id);
    // A host that joined between the queries: its VMs come with the next reading.
    if (!host) return [];
    const powerState = powerStateSchema.parse(row.powerState);
    const { cluster } = host;
    const named = { id: host.id, name: host.name };
    const trouble = parseTrouble(row.trouble);
    return [
      { ...row, trouble, powerState, host: named, cluster, ...judge(host, powerState, chains) },
    ];
  });
}

type Judged = { filterNames: string[]; compliance: ComplianceStatus };

function rememberAlike(policies: Map<string, { name: string; generation: number }>) {
  const known = new Map<string, Judged>();
  return (host: HostOfVm, powerState: PowerState, chains: string): Judged => {
    const key = `${host.id} ${powerState} ${chains}`;
    const before = known.get(key);
    if (before) return before;
    const disks = chainsSchema.parse(JSON.parse(chains));
    const judged = {
      filterNames: namesOf(disks.map(([, , filters, reported]) => reported ?? filters)),
      compliance: worstCompliance(
        disks.map(([policyId, policyGeneration, filters, reportedFilters]) => {
          const policy = policyId === null ? null : (policies.get(policyId) ?? null);
          const disk = { policy, policyGeneration, filters, reportedFilters };
          return judgeDisk(disk, powerState, host).status;
        }),
      ),
    };
    known.set(key, judged);
    return judged;
  };
}

export function toVmSummary({ vm, host, disks, snapshotCount }: VmRow): VmSummary {
  return {
    id: vm.id,
    name: vm.name,
    powerState: powerStateSchema.parse(vm.powerState),
    worldState: vm.worldState,
    worldMessage: vm.worldMessage,
    trouble: parseTrouble(vm.trouble),
    host: { id: host.id, name: host.name },
    cluster: host.cluster,
    guestFullName: vm.guestFullName,
    cpuCount: vm.cpuCount,
    memoryMib: vm.memoryMib,
    provisionedBytes: disks.reduce((sum, disk) => sum + Number(disk.capacityBytes), 0),
    diskCount: disks.length,
    filterNames: namesOf(disks.map((disk) => disk.reportedFilters ?? disk.filters)),
    compliance: worstCompliance(disks.map((disk) => disk.compliance.status)),
    cpuUsage: vm.cpuUsage,
    isTemplate: vm.isTemplate,
    snapshotCount,
  };
}

function parseTrouble(value: unknown): VmTrouble | null {
  return vmTroubleSchema.nullable().parse(value);
}

function namesOf(chains: DiskFilter[][]): string[] {
  return [...new Set(chains.flat().map((filter) => filter.name))];
}
