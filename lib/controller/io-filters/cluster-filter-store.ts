// A cluster's filters, their state on each host, and the disks that use them.
import { Fault } from '../../model/fault.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter } from '../database/generated/client.ts';

/** `NotFound` when the cluster has no such filter. */
export async function findClusterFilter(
  tx: DatabaseTransaction,
  clusterId: string,
  filterId: string,
): Promise<ClusterFilter> {
  const where = { clusterId_filterId: { clusterId, filterId } };
  const filter = await tx.clusterFilter.findUnique({ where });
  if (!filter) throw new Fault('NotFound', `The cluster has no I/O filter ${filterId}.`);
  return filter;
}

/** Disks of the cluster's VMs that have the filter, or still run it (QueryDisksUsingFilter). */
export async function findDisksUsing(
  tx: DatabaseTransaction,
  { clusterId, name, type }: Pick<ClusterFilter, 'clusterId' | 'name' | 'type'>,
): Promise<{ vmId: string; vmName: string; diskKey: number; diskLabel: string }[]> {
  const used = JSON.stringify([{ name, class: type }]);
  return tx.$queryRaw`
    SELECT v."id" AS "vmId", v."name" AS "vmName", d."key" AS "diskKey", d."label" AS "diskLabel"
    FROM "Disk" d JOIN "Vm" v ON v."id" = d."vmId" JOIN "Host" h ON h."id" = v."hostId"
    WHERE h."clusterId" = ${clusterId}
      AND (d."filters" @> ${used}::jsonb OR d."reportedFilters" @> ${used}::jsonb)
    ORDER BY v."name", d."key"`;
}
