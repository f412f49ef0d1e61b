// A step of a task that is a task of its own, on the same object: submitted once, also when the
// controller dies in between, and waited for.
import { sleep } from '../../base/clock.ts';
import { Fault, fromFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import type { Task } from '../database/generated/client.ts';
import { systemCaller } from '../permissions/caller.ts';
import type { ObservedTarget, Operation } from '../tasks/operation.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext } from '../tasks/task-context.ts';

const POLL_MS = 200;

/**
 * Throws the fault of the child when it fails; one that failed before is not tried again. A task
 * that does the same to several objects names the one that is meant.
 */
export async function runChild<Input, Observed extends ObservedTarget>(
  context: TaskContext,
  operation: Operation<Input, Observed>,
  input: Input,
  of: { targetId?: string } = {},
): Promise<void> {
  const { db, taskId, initiator, clock, signal } = context;
  const where = { parentId: taskId, operation: operation.key, ...of };
  if (!(await db.task.findFirst({ where }))) {
    const caller = systemCaller(initiator);
    await submit({ db, caller, operation, input, parentId: taskId });
  }
  for (;;) {
    const child = await db.task.findFirst({ where });
    if (child?.completedAt) return requireSuccess(child);
    // A wish to cancel waits for the end of the step; anything else ends the wait.
    if (signal.aborted && !(signal.reason instanceof Fault)) signal.throwIfAborted();
    await sleep(clock, POLL_MS);
  }
}

function requireSuccess({ state, label, fault }: Task): void {
  if (state === 'success') return;
  const parsed = faultRecordSchema.safeParse(fault);
  if (parsed.success) throw fromFaultRecord(parsed.data);
  throw new Fault('SystemError', `“${label}” has failed.`);
}
