// A cluster's filters, their state on each host, and the disks that use them.
import { Fault } from '../../model/fault.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import { readVmFacts } from '../inventory/read-facts.ts';

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

/** Disks of the cluster's VMs that have the filter (QueryDisksUsingFilter). */
export async function findDisksUsing(
  tx: DatabaseTransaction,
  { clusterId, name, type }: Pick<ClusterFilter, 'clusterId' | 'name' | 'type'>,
): Promise<{ vmId: string; vmName: string; diskKey: number; diskLabel: string }[]> {
  const vms = await readVmFacts(tx, { host: { clusterId } });
  return vms.flatMap((vm) =>
    vm.disks
      .filter((disk) => disk.filters.some((used) => used.name === name && used.class === type))
      .map(({ key, label }) => ({ vmId: vm.id, vmName: vm.name, diskKey: key, diskLabel: label })),
  );
}
