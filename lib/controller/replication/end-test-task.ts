// Ends a test of a failover: powers its VM off, deletes it, and gives the moments back to the
// target. Production and replication were not touched by the test.
import { z } from 'zod';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { powerOff } from '../vms/power-off.ts';
import { findVm } from '../vms/vm-store.ts';
import { type EndTestInput, endFailoverTest } from './end-test.ts';
import { runChild } from './run-child.ts';
import { momentsSchema, stopMoments } from './serve-moments.ts';

const checkpointSchema = z.object({ off: z.boolean() });

export const performEndTest: TaskHandler<EndTestInput> = async (context, { vmId }) => {
  const { db, clock, initiator, taskId } = context;
  if (!context.checkpoint(checkpointSchema)) {
    const observed = await endFailoverTest.observe(db, { vmId });
    requireAllowed(endFailoverTest.judge(observed, { vmId }));
    await context.progress(10, `Powering off ${observed.vm.name}`);
    const { powerState } = await findVm(db, vmId);
    if (powerState === 'poweredOn') await runChild(context, powerOff, { vmId });
    await context.saveCheckpoint({ off: true });
  }
  await context.progress(50, 'Deleting what the test has written');
  await runChild(context, deleteVm, { vmId });
  const recovery = await db.recovery.findUniqueOrThrow({ where: { vmId } });
  await stopMoments(context, momentsSchema.parse(recovery.moments));
  await transact(db, async (tx) => {
    const data = { state: 'ended', endedAt: new Date(clock.now()) };
    await tx.recovery.update({ where: { vmId }, data });
    await postEvent(tx, {
      type: 'TestFailoverEndedEvent',
      severity: 'info',
      message: `The test of a failover of ${recovery.sourceName} as ${recovery.vmName} has ended.`,
      objects: [recovery.sourceId],
      initiator,
      taskId,
    });
    await recordChange(tx, { object: recovery.sourceId, path: 'recoveries' });
  });
  return undefined;
};
