// One cluster as its page shows it: hosts, filters with their state on every host, DRS.
import { Fault } from '../../model/fault.ts';
import { drsBehaviorSchema } from '../../model/inventory.ts';
import { filterConflicts } from '../../rules/drs.ts';
import type { ClusterView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHosts } from '../hosts/read-hosts.ts';
import { readClusterFacts, readHostFacts } from '../inventory/read-facts.ts';
import { readClusterFilters } from '../io-filters/read-cluster-filters.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeClusterActions } from './judge-cluster-actions.ts';

/** `NotFound` when there is no such cluster. */
export async function readCluster(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<ClusterView> {
  const cluster = await db.cluster.findUnique({ where: { id }, include: { datacenter: true } });
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${id}.`);
  const [hosts, [facts], hostFacts] = await Promise.all([
    readHosts(db, { clusterId: id }),
    readClusterFacts(db, { id }),
    readHostFacts(db, { clusterId: id }),
  ]);
  return {
    id,
    name: cluster.name,
    datacenter: { id: cluster.datacenter.id, name: cluster.datacenter.name },
    drs: {
      enabled: cluster.drsEnabled,
      behavior: drsBehaviorSchema.parse(cluster.drsBehavior),
      threshold: cluster.drsThreshold,
    },
    hosts,
    filters: await readClusterFilters({ db, caller }, { cluster, hosts }),
    drsConflicts: facts ? filterConflicts(facts, hostFacts) : [],
    actions: await judgeClusterActions(db, caller, { id, name: cluster.name, hosts }),
  };
}
