// Tasks as Recent Tasks shows them, newest first.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { faultRecordSchema, taskStateSchema } from '../../model/task.ts';
import { measuredTransferSchema } from '../../model/transfer.ts';
import type { TaskView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Task } from '../database/generated/client.ts';

/** At most `limit` tasks; with `target` those of one object, else of all. */
export async function readTasks(
  db: DatabaseTransaction,
  { limit, target }: { limit: number; target?: string | undefined },
): Promise<TaskView[]> {
  const rows = await db.task.findMany({
    where: target === undefined ? {} : { targetId: target },
    orderBy: [{ queuedAt: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return rows.map(toTaskView);
}

/** `NotFound` when there is no such task. */
export async function readTask(db: DatabaseTransaction, id: string): Promise<TaskView> {
  const row = await db.task.findUnique({ where: { id } });
  if (!row) throw new Fault('NotFound', `There is no task ${id}.`);
  return toTaskView(row);
}

function toTaskView(task: Task): TaskView {
  const { id, operation, label, initiator, progress, step, parentId } = task;
  const isWaiting = task.state === 'queued';
  const isOpen = isWaiting || task.state === 'running';
  return {
    ...{ id, operation, label, initiator, progress, step, parentId },
    target: { id: task.targetId, name: task.targetName },
    state: taskStateSchema.parse(task.state),
    transfer: measuredTransferSchema.nullable().parse(task.transfer),
    fault: faultRecordSchema.nullable().parse(task.fault),
    result: z.json().nullable().parse(task.result),
    pausable: isOpen && task.pausable && !task.cancelRequested,
    paused: isOpen && task.pauseRequested,
    cancelable: isWaiting || (isOpen && task.cancelable && !task.cancelRequested),
    queuedAt: task.queuedAt.toISOString(),
    startedAt: task.startedAt?.toISOString() ?? null,
    completedAt: task.completedAt?.toISOString() ?? null,
  };
}
