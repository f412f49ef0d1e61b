// How the replication targets do: asked again and again, kept with what they say of each copy, and
// told as an event when one goes away or comes back.
import { type Clock, sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { queryReplicas, type ReplicaReport } from '../../wire/agent/target-rpc.ts';
import { type ChangeInput, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { ReplicationTarget } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { endOrphans } from './end-orphans.ts';
import { judgeLag } from './judge-lag.ts';
import { callTarget } from './target-connection.ts';
import { openTarget } from './targets.ts';

const WATCH_MS = 3_000;

export interface TargetParts {
  db: Database;
  sealer: Sealer;
  clock: Clock;
}

/** Asks all targets, and looks after what depends on their answers, until the signal aborts. */
export async function watchTargets(services: TaskServices, signal: AbortSignal): Promise<void> {
  const { db, clock, logger } = services;
  while (!signal.aborted) {
    try {
      const targets = await db.replicationTarget.findMany();
      await Promise.all(targets.map((target) => askTarget(services, target)));
      await judgeLag(db);
      await endOrphans(services);
    } catch (error) {
      logger.warn({ err: error }, 'could not look after the replication targets');
    }
    if (!signal.aborted) await sleep(clock, WATCH_MS, signal);
  }
}

/** Asks one target, keeps the answer, and returns what it failed with; empty when it answered. */
export async function askTarget(parts: TargetParts, target: ReplicationTarget): Promise<string> {
  let trouble = '';
  let replicas: ReplicaReport[] | null = null;
  try {
    const answer = await callTarget(openTarget(parts.sealer, target), queryReplicas, {});
    replicas = answer.replicas;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    trouble = error.message;
  }
  await keep(parts, target, { trouble, replicas });
  return trouble;
}

interface Answer {
  trouble: string;
  replicas: ReplicaReport[] | null;
}

async function keep(
  { db, clock }: TargetParts,
  { id }: ReplicationTarget,
  { trouble, replicas }: Answer,
): Promise<void> {
  await transact(db, async (tx) => {
    const before = await tx.replicationTarget.findUnique({ where: { id } });
    if (!before) return;
    const data = { checkedAt: new Date(clock.now()), trouble };
    await tx.replicationTarget.update({ where: { id }, data });
    const changes: ChangeInput[] = [];
    if (before.trouble !== trouble || before.checkedAt === null) {
      changes.push({ object: id, path: 'replicationTarget' });
    }
    if ((before.trouble === '') !== (trouble === '')) await announce(tx, before, trouble);
    if (replicas !== null && (await keepReplicas(tx, id, replicas))) {
      changes.push({ object: id, path: 'replicas' });
    }
    await recordChanges(tx, changes);
  });
}

/** Whether anything differs from what was known. */
async function keepReplicas(
  tx: DatabaseTransaction,
  targetId: string,
  replicas: readonly ReplicaReport[],
): Promise<boolean> {
  const known = await tx.replica.findMany({ where: { targetId } });
  const texts = new Map(known.map(({ diskId, report }) => [diskId, canonical(report)]));
  const changed = replicas.filter(({ diskId, ...rest }) => {
    return texts.get(diskId) !== canonical({ diskId, ...rest });
  });
  for (const report of changed) {
    const { diskId } = report;
    await tx.replica.upsert({
      where: { targetId_diskId: { targetId, diskId } },
      create: { targetId, diskId, report },
      update: { report },
    });
  }
  const names = replicas.map(({ diskId }) => diskId);
  const gone = await tx.replica.deleteMany({ where: { targetId, diskId: { notIn: names } } });
  return changed.length > 0 || gone.count > 0;
}

/** The database orders the fields of JSON in its own way. */
function canonical(report: unknown): string {
  const entries = Object.entries(Object(report)).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(entries.map(([name, value]) => [name, flatly(value)]));
}

function flatly(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((each) => Object.entries(Object(each)).map(String).sort());
}

async function announce(
  tx: DatabaseTransaction,
  { id, name }: ReplicationTarget,
  trouble: string,
): Promise<void> {
  const isBack = trouble === '';
  await postEvent(tx, {
    type: isBack ? 'ReplicationTargetAvailableEvent' : 'ReplicationTargetUnavailableEvent',
    severity: isBack ? 'info' : 'error',
    message: isBack ? `The replication target ${name} answers again.` : `${name}: ${trouble}`,
    objects: [id],
  });
}
