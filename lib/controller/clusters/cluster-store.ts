// Clusters as the tasks need them.
import { Fault } from '../../model/fault.ts';
import type { ClusterFacts } from '../../rules/facts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readClusterFacts } from '../inventory/read-facts.ts';

/** The facts of one cluster; `NotFound` when there is no such cluster. */
export async function findClusterFacts(tx: DatabaseTransaction, id: string): Promise<ClusterFacts> {
  const [facts] = await readClusterFacts(tx, { id });
  if (!facts) throw new Fault('NotFound', `There is no cluster ${id}.`);
  return facts;
}
