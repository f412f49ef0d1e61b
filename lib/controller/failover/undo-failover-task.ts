// Undoes a failover; see take-back.ts for the order, which leaves no moment with two that write.

import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { transact } from '../changes/transact.ts';
import type { Recovery } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { runChild } from '../replication/run-child.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { powerOff } from '../vms/power-off.ts';
import { powerOn } from '../vms/power-on.ts';
import { failoverStateOf, writeStep } from './failover-store.ts';
import { giveLaterEra, releaseSource, removeRecovered } from './take-back.ts';
import { type UndoFailoverInput, undoFailover } from './undo-failover.ts';

/** Which failover it is: its source does not know it any more at the end. */
const checkpointSchema = z.object({ vmId: z.string() });

export const performUndoFailover: TaskHandler<UndoFailoverInput> = async (context, input) => {
  const { vmId } = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  const row = await context.db.recovery.findUniqueOrThrow({ where: { vmId } });
  if (failoverStateOf(row) === 'undoing') await takeBack(context, row);
  if (input.powerOn) {
    await context.progress(80, `Powering on ${row.sourceName}`);
    const { sourceId } = input;
    await runChild(context, powerOn, { vmId: sourceId }, { targetId: sourceId });
  }
  return { vmId: input.sourceId };
};

function begin({ db, taskId }: TaskContext, input: UndoFailoverInput) {
  return transact(db, async (tx) => {
    const observed = await undoFailover.observe(tx, input);
    requireAllowed(undoFailover.judge(observed, input));
    const { row } = observed;
    const from = row && failoverStateOf(row);
    if (!row || !from) throw new Fault('NotFound', 'There is no failover to undo.');
    const checkpoint = { vmId: row.vmId };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    await writeStep(tx, { vmId: row.vmId, from, step: 'undo' });
    return checkpoint;
  });
}

async function takeBack(context: TaskContext, row: Recovery): Promise<void> {
  const { db, clock, initiator, taskId } = context;
  const targetId = row.sourceId;
  const source = await db.vm.findUnique({ where: { id: targetId } });
  // Its guest has seen that it cannot write: it does not go on as if it had not.
  if (source?.powerState === 'poweredOn') {
    await runChild(context, powerOff, { vmId: targetId }, { targetId });
  }
  await context.progress(10, `Deleting ${row.vmName}`);
  await removeRecovered(context, row);
  const era = (row.era ?? 1) + 1;
  await context.progress(60, `Giving ${row.sourceName} a later era`);
  await giveLaterEra(context, row, era);
  await transact(db, async (tx) => {
    await releaseSource(tx, row, { era, isOn: false });
    const now = new Date(clock.now());
    const state = row.state === 'failed' ? 'failed' : 'ended';
    const data = { state, endedAt: row.endedAt ?? now, decidedBy: initiator, decidedAt: now };
    await writeStep(tx, { vmId: row.vmId, from: 'undoing', step: 'releasedSource' }, data);
    await postEvent(tx, {
      ...{ type: 'VmFailoverUndoneEvent', severity: 'info', initiator, taskId },
      message: `The failover of ${row.sourceName} was undone: ${row.vmName} is gone.`,
      objects: [row.sourceId],
    });
  });
}
