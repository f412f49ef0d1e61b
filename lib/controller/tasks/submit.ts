// Submits an operation: parses, judges and enqueues in one transaction, so that what was judged is
// what is queued.
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { ObservedTarget, Operation } from './operation.ts';
import { parseInput } from './parse-input.ts';

export interface Submission<Input, Observed extends ObservedTarget> {
  db: Database;
  caller: Caller;
  operation: Operation<Input, Observed>;
  /** Parsed by the operation's schema; `InvalidArgument` says what is wrong with it. */
  input: unknown;
  /** The task on whose behalf this one runs. */
  parentId?: string;
  /**
   * Does not wait for other tasks of the target: of a host that has failed they may never end. The
   * caller sees to it that there is one at a time.
   */
  besideOthers?: boolean;
  /** Shows in place of the operation's own key and label: Drm.ExecuteVMotionLRO is a migration. */
  showAs?: { key: string; label: string };
  /** Runs in the same transaction once the task has its id, to record whose task it is. */
  attach?: (tx: DatabaseTransaction, taskId: string) => Promise<void>;
}

/**
 * Returns the task's id. Throws `NoPermission`, `TaskInProgress`, or the fault of the first reason
 * with all reasons.
 */
export async function submit<Input, Observed extends ObservedTarget>(
  submission: Submission<Input, Observed>,
): Promise<string> {
  const { db, caller, operation } = submission;
  const input = parseInput(operation.input, submission.input);
  return transact(db, async (tx) => {
    const before = await operation.observe(tx, input);
    await requirePrivileges(tx, caller, operation.privileges(before, input));
    // Two submissions for one target take turns, and the second sees the first one's task.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${before.target.id}))::text`;
    if (!submission.besideOthers) await requireNoTask(tx, before.target, submission.parentId);
    const observed = await operation.observe(tx, input);
    requireAllowed(operation.judge(observed, input));
    return insertTask(tx, submission, observed.target, input);
  });
}

async function requireNoTask(
  tx: DatabaseTransaction,
  target: { id: string; name: string },
  parentId: string | undefined,
): Promise<void> {
  const running = await tx.task.findFirst({
    where: {
      targetId: target.id,
      state: { in: ['queued', 'running'] },
      ...(parentId === undefined ? {} : { id: { not: parentId } }),
    },
  });
  if (!running) return;
  throw new Fault(
    'TaskInProgress',
    `“${running.label}” by ${running.initiator} is in progress on ${target.name}.`,
    {
      reasons: [
        {
          fault: 'TaskInProgress',
          message: `“${running.label}” by ${running.initiator} is in progress on ${target.name}.`,
          remedy: 'Wait until it has ended, or cancel it.',
          objects: [target.id],
        },
      ],
      data: { taskId: running.id },
    },
  );
}

async function insertTask<Input, Observed extends ObservedTarget>(
  tx: DatabaseTransaction,
  { caller, operation, parentId, showAs, attach }: Submission<Input, Observed>,
  target: { id: string; name: string },
  input: Input,
): Promise<string> {
  const id = await allocateId(tx, 'task');
  const { key, label } = showAs ?? operation;
  await tx.task.create({
    data: {
      id,
      operation: key,
      label,
      targetId: target.id,
      targetName: target.name,
      initiator: caller.name,
      input: JSON.parse(JSON.stringify(input)),
      cancelable: operation.cancelable,
      pausable: operation.pausable ?? false,
      parentId: parentId ?? null,
    },
  });
  await attach?.(tx, id);
  await postEvent(tx, {
    type: 'TaskEvent',
    severity: 'info',
    message: `Task: ${label} on ${target.name}.`,
    objects: [target.id],
    initiator: caller.name,
    taskId: id,
  });
  await recordChange(tx, { object: id, path: 'queued' });
  return id;
}
