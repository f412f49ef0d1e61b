// Cancels a task: at once while it is queued, else its handler is told and ends it when it can.
import { Fault } from '../../model/fault.ts';
import { TASK_TRANSITIONS, taskStateSchema } from '../../model/task.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { Task } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { announceEnd, type TaskOutcome, writeOutcome } from './task-store.ts';

/**
 * `NotFound`, `NoPermission` (Global.CancelTask on the target, unless it is the caller's own),
 * `InvalidState`.
 */
export function cancelTask(db: Database, caller: Caller, taskId: string): Promise<void> {
  return transact(db, async (tx) => {
    await tx.$queryRaw`SELECT "id" FROM "Task" WHERE "id" = ${taskId} FOR UPDATE`;
    const task = await tx.task.findUnique({ where: { id: taskId } });
    if (!task) throw new Fault('NotFound', `There is no task ${taskId}.`);
    if (task.initiator !== caller.name) {
      const wanted = { privilege: 'Global.CancelTask' as const, objectId: task.targetId };
      await requirePrivileges(tx, caller, [wanted]);
    }
    requireCancelable(task);
    const outcome = canceledBy(caller);
    if (task.state === 'queued') {
      await writeOutcome(tx, { id: taskId, state: 'queued' }, outcome);
      await announceEnd(tx, task, outcome);
    } else {
      await requestCancel(tx, task.id);
    }
  });
}

async function requestCancel(tx: DatabaseTransaction, taskId: string): Promise<void> {
  await tx.task.updateMany({
    where: { OR: [{ id: taskId }, { parentId: taskId, cancelable: true }], completedAt: null },
    data: { cancelRequested: true },
  });
  await recordChange(tx, { object: taskId, path: 'cancelRequested' });
}

function requireCancelable({ label, state, cancelable, targetName }: Task): void {
  if (!TASK_TRANSITIONS[taskStateSchema.parse(state)].includes('canceled')) {
    throw new Fault('InvalidState', `“${label}” on ${targetName} has ended already.`);
  }
  if (!cancelable && state !== 'queued') {
    throw new Fault('InvalidState', `“${label}” on ${targetName} cannot be canceled once it runs.`);
  }
}

function canceledBy(caller: Caller): TaskOutcome {
  const message = `${caller.name} canceled the task before it began.`;
  const reasons = [{ fault: 'RequestCanceled' as const, message }];
  return { state: 'canceled', fault: { fault: 'RequestCanceled', message, reasons } };
}
