// Makes the move that DRS recommended, as a child task on the VM.
import { z } from 'zod';
import { Fault, fromFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { systemCaller } from '../permissions/caller.ts';
import { waitForChildren } from '../tasks/children.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { DRS_MIGRATION, migrate } from '../vms/migrate.ts';
import { type ApplyRecommendationInput, applyRecommendation } from './apply-recommendation.ts';

const checkpointSchema = z.object({ childId: z.string() });

export const performApplyRecommendation: TaskHandler<ApplyRecommendationInput> = async (
  context,
  input,
) => {
  const id = input.recommendationId;
  try {
    const childId = await startMove(context, input);
    await context.progress(10, 'Migrating the virtual machine');
    const children = await waitForChildren(context);
    const child = children.find((task) => task.id === childId);
    if (child?.state !== 'success') {
      const fault = faultRecordSchema.safeParse(child?.fault);
      throw fault.success
        ? fromFaultRecord(fault.data)
        : new Fault('MigrationFault', 'The migration did not take place.');
    }
  } catch (error) {
    if (!context.signal.aborted) await setState(context, id, 'failed');
    throw error;
  }
  await setState(context, id, 'applied');
  return { recommendationId: id };
};

async function startMove(context: TaskContext, input: ApplyRecommendationInput): Promise<string> {
  const before = context.checkpoint(checkpointSchema);
  if (before) return before.childId;
  const started = await context.db.task.findFirst({ where: { parentId: context.taskId } });
  if (started) return started.id;
  const observed = await applyRecommendation.observe(context.db, input);
  requireAllowed(applyRecommendation.judge(observed, input));
  const { vmId, toHostId, clusterId, id } = observed.recommendation;
  const childId = await submit({
    db: context.db,
    caller: systemCaller(context.initiator),
    operation: migrate,
    input: { vmId, hostId: toHostId },
    parentId: context.taskId,
    showAs: DRS_MIGRATION,
    async attach(tx, taskId) {
      await tx.recommendation.update({ where: { id }, data: { state: 'applying', taskId } });
      await recordChange(tx, { object: clusterId, path: 'recommendations' });
    },
  });
  await context.saveCheckpoint({ childId });
  return childId;
}

async function setState({ db }: TaskContext, id: string, state: string): Promise<void> {
  await transact(db, async (tx) => {
    const found = await tx.recommendation.findUnique({ where: { id } });
    if (!found) return;
    await tx.recommendation.update({ where: { id }, data: { state } });
    await recordChange(tx, { object: found.clusterId, path: 'recommendations' });
  });
}
