// DRS of a cluster: its settings, what it recommends, and what it would do but must not.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { reasonSchema } from '../../model/task.ts';
import { filterConflicts, planMoves } from '../../rules/drs.ts';
import type { DrsView, RecommendationView } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recommendation } from '../database/generated/client.ts';
import { readClusterFacts, readHostFacts } from '../inventory/read-facts.ts';

const faultsSchema = z.array(z.object({ vmId: z.string(), reasons: z.array(reasonSchema) }));
const stateSchema = z.enum(['pending', 'applying', 'applied', 'failed']);

/** `NotFound` when there is no such cluster. */
export async function readDrs(db: DatabaseTransaction, clusterId: string): Promise<DrsView> {
  const [[cluster], hosts, vms, rows, run] = await Promise.all([
    readClusterFacts(db, { id: clusterId }),
    readHostFacts(db, { clusterId }),
    db.vm.findMany({ where: { host: { clusterId } }, select: { id: true, name: true } }),
    db.recommendation.findMany({
      where: { clusterId },
      orderBy: [{ priority: 'asc' }, { createdAt: 'desc' }],
    }),
    db.cluster.findUnique({
      where: { id: clusterId },
      select: { drsLastRunAt: true, drsFaults: true },
    }),
  ]);
  if (!cluster || !run) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  // The loads are as of now. What DRS makes of them is as of its last run: judging every move of
  // every VM takes too long for a page.
  const measured = planMoves({ ...cluster, drs: { ...cluster.drs, enabled: false } }, hosts, []);
  const names = new Map([...hosts, ...vms].map(({ id, name }) => [id, name]));
  const named = (id: string) => ({ id, name: names.get(id) ?? id });
  return {
    config: cluster.drs,
    recommendations: rows.map((row) => toRecommendation(row, named)),
    faults: faultsSchema
      .parse(run.drsFaults)
      .map(({ vmId, reasons }) => ({ vm: named(vmId), reasons })),
    conflicts: filterConflicts(cluster, hosts),
    imbalance: measured.imbalance,
    hostLoads: measured.loads.map(({ hostId, cpu, memory }) => ({
      host: named(hostId),
      cpu,
      memory,
    })),
    lastRunAt: run.drsLastRunAt?.toISOString() ?? null,
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
