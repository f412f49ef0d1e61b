// The tasks that hold objects at this moment, as reasons why nothing else may start on them.
import type { Reason } from '../../model/fault.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/**
 * For each of the objects that a queued or running task holds: the refusal that a new task would
 * get.
 */
export async function readRunningTaskReasons(
  db: DatabaseTransaction,
  targetIds: readonly string[],
): Promise<Map<string, Reason>> {
  const tasks = await db.task.findMany({
    where: { targetId: { in: [...targetIds] }, state: { in: ['queued', 'running'] } },
    select: { targetId: true, targetName: true, label: true, initiator: true },
    orderBy: { queuedAt: 'desc' },
  });
  return new Map(
    tasks.map(({ targetId, targetName, label, initiator }) => [
      targetId,
      {
        fault: 'TaskInProgress',
        message: `“${label}” by ${initiator} is in progress on ${targetName}.`,
        remedy: 'Wait until it has ended, or cancel it.',
        objects: [targetId],
      },
    ]),
  );
}
