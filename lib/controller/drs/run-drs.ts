// One run of DRS on a cluster: judges by lib/rules/drs.ts and keeps what it recommends and what
// hindered it. A recommendation that still holds keeps its id and age.
import { type Random, randomUuid } from '../../base/random.ts';
import { type DrsMove, isUneven, planMoves } from '../../rules/drs.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { Recommendation } from '../database/generated/client.ts';
import { readHostFacts, readVmFacts } from '../inventory/read-facts.ts';

/** Recommendations that were carried out stay in the list for so long, in milliseconds. */
const KEEP_MS = 60 * 60_000;

export interface DrsRun {
  db: Database;
  random: Random;
  /** Wall time, milliseconds. */
  now: number;
}

/** Returns the recommendations that wait. `NotFound` when there is no such cluster. */
export function runDrs({ db, random, now }: DrsRun, clusterId: string): Promise<Recommendation[]> {
  return transact(db, async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`drs ${clusterId}`}))::text`;
    const cluster = await findClusterFacts(tx, clusterId);
    const hosts = await readHostFacts(tx, { clusterId });
    // Most of the time nothing is to be moved, and that is known without the VMs.
    const where = { host: { clusterId }, powerState: 'poweredOn' };
    const vms = cluster.drs.enabled && isUneven(hosts) ? await readVmFacts(tx, where) : [];
    const busy = await readBusyVms(tx, vms);
    const plan = planMoves(
      cluster,
      hosts,
      vms.filter(({ id }) => !busy.has(id)),
    );
    const changed = await keep(tx, { clusterId, moves: plan.moves, random, now });
    await tx.cluster.update({
      where: { id: clusterId },
      data: { drsLastRunAt: new Date(now), drsFaults: JSON.parse(JSON.stringify(plan.faults)) },
    });
    const paths = changed ? ['recommendations', 'drsLastRunAt'] : ['drsLastRunAt'];
    const pending = await tx.recommendation.findMany({
      where: { clusterId, state: 'pending' },
      orderBy: { priority: 'asc' },
    });
    await recordChanges(
      tx,
      paths.map((path) => ({ object: clusterId, path })),
    );
    return pending;
  });
}

async function readBusyVms(tx: DatabaseTransaction, vms: { id: string }[]): Promise<Set<string>> {
  const tasks = await tx.task.findMany({
    where: { targetId: { in: vms.map(({ id }) => id) }, state: { in: ['queued', 'running'] } },
    select: { targetId: true },
  });
  return new Set(tasks.map(({ targetId }) => targetId));
}

/** True when the list of recommendations changed. */
async function keep(
  tx: DatabaseTransaction,
  {
    clusterId,
    moves,
    random,
    now,
  }: { clusterId: string; moves: DrsMove[]; random: Random; now: number },
): Promise<boolean> {
  const known = await tx.recommendation.findMany({ where: { clusterId } });
  const stale = known.filter(
    (row) =>
      (row.state === 'pending' && !moves.some((move) => isSame(row, move))) ||
      (row.state !== 'pending' &&
        row.state !== 'applying' &&
        now - row.createdAt.getTime() > KEEP_MS),
  );
  await tx.recommendation.deleteMany({ where: { id: { in: stale.map(({ id }) => id) } } });
  const pending = known.filter(({ state }) => state === 'pending');
  const fresh = moves.filter((move) => !pending.some((row) => isSame(row, move)));
  await tx.recommendation.createMany({
    data: fresh.map((move) => ({ id: randomUuid(random), clusterId, ...move })),
  });
  for (const move of moves) {
    const row = pending.find((other) => isSame(other, move));
    if (!row || (row.priority === move.priority && row.reasonText === move.reasonText)) continue;
    const { priority, reason, reasonText } = move;
    await tx.recommendation.update({
      where: { id: row.id },
      data: { priority, reason, reasonText },
    });
  }
  return stale.length + fresh.length > 0;
}

function isSame(row: Recommendation, move: DrsMove): boolean {
  return (
    row.vmId === move.vmId && row.fromHostId === move.fromHostId && row.toHostId === move.toHostId
  );
}
