// DRS of a cluster: its settings, what it recommends, and what it would do but must not.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { filterConflicts, planMoves } from '../../rules/drs.ts';
import type { DrsView, RecommendationView } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recommendation } from '../database/generated/client.ts';
import { readClusterFacts, readHostFacts, readVmFacts } from '../inventory/read-facts.ts';

const stateSchema = z.enum(['pending', 'applying', 'applied', 'failed']);

/** `NotFound` when there is no such cluster. */
export async function readDrs(db: DatabaseTransaction, clusterId: string): Promise<DrsView> {
  const [[cluster], hosts, vms, rows] = await Promise.all([
    readClusterFacts(db, { id: clusterId }),
    readHostFacts(db, { clusterId }),
    readVmFacts(db, { host: { clusterId } }),
    db.recommendation.findMany({
      where: { clusterId },
      orderBy: [{ priority: 'asc' }, { createdAt: 'desc' }],
    }),
  ]);
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  const plan = planMoves(cluster, hosts, vms);
  const names = new Map([...hosts, ...vms].map(({ id, name }) => [id, name]));
  const named = (id: string) => ({ id, name: names.get(id) ?? id });
  return {
    config: cluster.drs,
    recommendations: rows.map((row) => toRecommendation(row, named)),
    faults: plan.faults.map(({ vmId, reasons }) => ({ vm: named(vmId), reasons })),
    conflicts: filterConflicts(cluster, hosts),
    imbalance: plan.imbalance,
    hostLoads: plan.loads.map(({ hostId, cpu, memory }) => ({ host: named(hostId), cpu, memory })),
    lastRunAt: null,
  };
}

function toRecommendation(
  row: Recommendation,
  named: (id: string) => { id: string; name: string },
): RecommendationView {
  return {
    id: row.id,
    priority: row.priority,
    vm: named(row.vmId),
    from: named(row.fromHostId),
    to: named(row.toHostId),
    reason: row.reason,
    reasonText: row.reasonText,
    createdAt: row.createdAt.toISOString(),
    state: stateSchema.parse(row.state),
  };
}
