// What decides whether a host may join or leave a cluster.
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import type { ClusterToJoin, MoveFacts } from '../../rules/hosts/host-membership.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHost, findHostFacts } from '../hosts/host-store.ts';
import { readVmFacts } from '../inventory/read-facts.ts';
import { isPlatformSigned } from '../io-filters/install-io-filter.ts';

/** `NotFound` for a host or a cluster that is not there. */
export async function observeMembership(
  tx: DatabaseTransaction,
  { hostId, clusterId }: { hostId: string; clusterId: string | null },
): Promise<MoveFacts> {
  const { datacenterId, clusterId: sourceId } = await findHost(tx, hostId);
  const [facts, vms, source, target] = await Promise.all([
    findHostFacts(tx, hostId),
    readVmFacts(tx, { hostId }),
    sourceId === null ? null : findClusterFacts(tx, sourceId),
    clusterId === null ? null : readClusterToJoin(tx, clusterId),
  ]);
  return { host: { ...facts, datacenterId }, vms, source, target };
}

/** `NotFound` when there is no such cluster. */
export async function readClusterToJoin(
  tx: DatabaseTransaction,
  id: string,
): Promise<ClusterToJoin> {
  const { name, drs } = await findClusterFacts(tx, id);
  const { datacenterId } = await tx.cluster.findUniqueOrThrow({ where: { id } });
  const hosts = await tx.host.findMany({
    where: { clusterId: id },
    select: { id: true, name: true, version: true },
  });
  const filters = await tx.clusterFilter.findMany({
    where: { clusterId: id, opType: { not: 'uninstall' } },
  });
  const vibs = await tx.vib.findMany({ where: { id: { in: filters.map((row) => row.depotId) } } });
  const ofPlatform = new Set(vibs.filter(isPlatformSigned).map((vib) => vib.id));
  return {
    ...{ id, name, datacenterId, drsEnabled: drs.enabled, hosts },
    filters: filters.map((filter) => ({
      name: filter.name,
      type: filterClassSchema.parse(filter.type),
      ofPartner: !ofPlatform.has(filter.depotId),
    })),
  };
}
