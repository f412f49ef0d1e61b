// The task rows: claimed by lease, renewed by heartbeat, ended once. Every write after the claim
// names the holder of the lease, so that a runner that lost it changes nothing any more. The
// database's clock decides about leases.
import type { Json } from '../../base/json.ts';
import type { FaultRecord } from '../../model/fault.ts';
import type { TaskState } from '../../model/task.ts';
import type { MeasuredTransfer } from '../../model/transfer.ts';
import { recordChange, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { Prisma, type Task } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';

/** A claimed task is somebody else's when its holder has not renewed for so long, in seconds. */
const LEASE_SECONDS = 15;

/** How many parents stand above a task, one above the other; the last has those of more as well. */
const DEPTHS = [
  Prisma.sql`task."parentId" IS NULL`,
  Prisma.sql`EXISTS (SELECT 1 FROM "Task" one
    WHERE one."id" = task."parentId" AND one."parentId" IS NULL)`,
  Prisma.sql`EXISTS (SELECT 1 FROM "Task" one JOIN "Task" two ON two."id" = one."parentId"
    WHERE one."id" = task."parentId" AND two."parentId" IS NULL)`,
  Prisma.sql`EXISTS (SELECT 1 FROM "Task" one JOIN "Task" two ON two."id" = one."parentId"
    WHERE one."id" = task."parentId" AND two."parentId" IS NOT NULL)`,
];
/** The deepest first: it is what the others wait for. */
export const TASK_DEPTHS = DEPTHS.map((_, depth) => depth).reverse();

/**
 * Claims up to `limit` tasks of a depth that nobody holds: queued ones, and running ones whose
 * lease has run out.
 */
export function claimTasks(
  db: Database,
  { owner, limit, depth }: { owner: string; limit: number; depth: number },
): Promise<Task[]> {
  const kind = DEPTHS[depth] ?? Prisma.sql`FALSE`;
  return transact(db, async (tx) => {
    const claimed = await tx.$queryRaw<{ id: string }[]>`
      UPDATE "Task" SET
        "state" = 'running', "leaseOwner" = ${owner}, "attempts" = "attempts" + 1,
        "leaseUntil" = (now() AT TIME ZONE 'UTC') + make_interval(secs => ${LEASE_SECONDS}),
        "startedAt" = COALESCE("startedAt", now() AT TIME ZONE 'UTC')
      WHERE "id" IN (
        SELECT task."id" FROM "Task" task
        WHERE ${kind} AND (task."state" = 'queued'
          OR (task."state" = 'running' AND task."leaseUntil" < (now() AT TIME ZONE 'UTC')))
        ORDER BY task."queuedAt" LIMIT ${limit} FOR UPDATE OF task SKIP LOCKED
      ) RETURNING "id"`;
    if (claimed.length === 0) return [];
    const ids = claimed.map((row) => row.id);
    const tasks = await tx.task.findMany({
      where: { id: { in: ids } },
      orderBy: { queuedAt: 'asc' },
    });
    await recordChanges(
      tx,
      ids.map((id) => ({ object: id, path: 'state' })),
    );
    return tasks;
  });
}

/** Renews the leases and returns, for those still held, whether a user asked to cancel. */
export function renewLeases(
  db: Database,
  owner: string,
  ids: string[],
): Promise<{ id: string; cancelRequested: boolean }[]> {
  return db.$queryRaw`
    UPDATE "Task" SET
      "leaseUntil" = (now() AT TIME ZONE 'UTC') + make_interval(secs => ${LEASE_SECONDS})
    WHERE "id" = ANY(${ids}) AND "leaseOwner" = ${owner} AND "state" = 'running'
    RETURNING "id", "cancelRequested"`;
}

/** Gives tasks back to the queue, for another runner to take up from their checkpoints. */
export async function releaseTasks(db: Database, owner: string, ids: string[]): Promise<void> {
  await db.task.updateMany({
    where: { id: { in: ids }, leaseOwner: owner, state: 'running' },
    data: { state: 'queued', leaseOwner: null, leaseUntil: null, attempts: { decrement: 1 } },
  });
}

export interface TaskUpdate {
  progress?: number;
  step?: string;
  transfer?: MeasuredTransfer | null;
  checkpoint?: Json;
}

/** False when the lease is lost. */
export function updateTask(
  db: Database,
  owner: string,
  id: string,
  { checkpoint, transfer, ...update }: TaskUpdate,
): Promise<boolean> {
  const kept = checkpoint === undefined ? {} : { checkpoint: checkpoint ?? Prisma.JsonNull };
  const copied = transfer === undefined ? {} : { transfer: transfer ?? Prisma.DbNull };
  return transact(db, async (tx) => {
    const { count } = await tx.task.updateMany({
      where: { id, leaseOwner: owner, state: 'running' },
      data: { ...update, ...kept, ...copied },
    });
    if (count === 1 && (update.progress !== undefined || update.step !== undefined)) {
      await recordChange(tx, { object: id, path: 'progress' });
    }
    return count === 1;
  });
}

export interface TaskOutcome {
  state: Extract<TaskState, 'success' | 'error' | 'canceled'>;
  result?: Json;
  fault?: FaultRecord;
}

/** Ends a task that this owner holds; false when the lease is lost. */
export function endTask(
  db: Database,
  owner: string,
  task: Task,
  outcome: TaskOutcome,
): Promise<boolean> {
  return transact(db, async (tx) => {
    const held = { id: task.id, leaseOwner: owner, state: 'running' };
    const ended = await writeOutcome(tx, held, outcome);
    if (ended) await announceEnd(tx, task, outcome);
    return ended;
  });
}

/** Ends the task that the condition selects; false when there is none. */
export async function writeOutcome(
  tx: DatabaseTransaction,
  where: { id: string; leaseOwner?: string; state: string },
  { state, result, fault }: TaskOutcome,
): Promise<boolean> {
  const { count } = await tx.task.updateMany({
    where,
    data: {
      state,
      ...(state === 'success' ? { progress: 100 } : {}),
      ...(result == null ? {} : { result }),
      ...(fault === undefined ? {} : { fault: JSON.parse(JSON.stringify(fault)) }),
      ...{ step: '', transfer: Prisma.DbNull },
      leaseOwner: null,
      leaseUntil: null,
    },
  });
  if (count === 0) return false;
  await tx.$executeRaw`
    UPDATE "Task" SET "completedAt" = (clock_timestamp() AT TIME ZONE 'UTC')
    WHERE "id" = ${where.id}`;
  return true;
}

/** The event of a failure or a cancellation, and the change. */
export async function announceEnd(
  tx: DatabaseTransaction,
  task: Pick<Task, 'id' | 'label' | 'targetId' | 'targetName' | 'initiator'>,
  { state, fault }: TaskOutcome,
): Promise<void> {
  if (state !== 'success') {
    const how = state === 'canceled' ? 'was canceled' : `failed: ${fault?.message ?? ''}`;
    await postEvent(tx, {
      type: state === 'canceled' ? 'TaskCanceledEvent' : 'TaskFailedEvent',
      severity: state === 'canceled' ? 'info' : 'error',
      message: `${task.label} on ${task.targetName} ${how}`,
      objects: [task.targetId],
      initiator: task.initiator,
      taskId: task.id,
    });
  }
  await recordChange(tx, { object: task.id, path: 'state', value: state });
}
