// Tasks that a task starts on other objects: submitted in its name, and waited for.
import { sleep } from '../../base/clock.ts';
import type { Task } from '../database/generated/client.ts';
import type { TaskContext } from './task-context.ts';

const POLL_MS = 300;

/** Waits until all children that this task has started have ended, and returns them. */
export async function waitForChildren(context: TaskContext): Promise<Task[]> {
  const { db, clock, signal, taskId } = context;
  for (;;) {
    signal.throwIfAborted();
    const children = await db.task.findMany({
      where: { parentId: taskId },
      orderBy: { queuedAt: 'asc' },
    });
    if (children.every(({ completedAt }) => completedAt !== null)) return children;
    await sleep(clock, POLL_MS, signal);
  }
}
