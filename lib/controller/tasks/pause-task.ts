// Pauses a task that goes from host to host, and lets it go on: what is under way on a host is
// ended, and no other host is begun.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { TaskContext } from './task-context.ts';

const POLL_MS = 500;

/**
 * `NotFound`, `NoPermission` (Global.CancelTask on the target, unless it is the caller's own),
 * `InvalidState`. To pause what is paused changes nothing.
 */
export function pauseTask(
  db: Database,
  caller: Caller,
  { taskId, paused }: { taskId: string; paused: boolean },
): Promise<void> {
  return transact(db, async (tx) => {
    await tx.$queryRaw`SELECT "id" FROM "Task" WHERE "id" = ${taskId} FOR UPDATE`;
    const task = await tx.task.findUnique({ where: { id: taskId } });
    if (!task) throw new Fault('NotFound', `There is no task ${taskId}.`);
    if (task.initiator !== caller.name) {
      const wanted = { privilege: 'Global.CancelTask' as const, objectId: task.targetId };
      await requirePrivileges(tx, caller, [wanted]);
    }
    const name = `“${task.label}” on ${task.targetName}`;
    if (task.completedAt) throw new Fault('InvalidState', `${name} has ended already.`);
    if (!task.pausable) throw new Fault('InvalidState', `${name} cannot be paused.`);
    if (task.pauseRequested === paused) return;
    await tx.task.update({ where: { id: taskId }, data: { pauseRequested: paused } });
    await postEvent(tx, {
      type: paused ? 'TaskPausedEvent' : 'TaskResumedEvent',
      severity: 'info',
      message: paused
        ? `${name} was paused; what is under way on a host is ended.`
        : `${name} goes on.`,
      objects: [task.targetId],
      initiator: caller.name,
      taskId,
    });
    await recordChange(tx, { object: taskId, path: 'pauseRequested' });
  });
}

/** Returns at once unless the task is paused; throws when it is canceled meanwhile. */
export async function waitWhilePaused({ db, clock, signal, taskId }: TaskContext): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const row = await db.task.findUnique({
      where: { id: taskId },
      select: { pauseRequested: true },
    });
    if (!row?.pauseRequested) return;
    await sleep(clock, POLL_MS, signal);
  }
}
