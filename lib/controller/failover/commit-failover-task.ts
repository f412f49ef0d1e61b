// Commits a failover: first what stands in for the VM is protected, then the VM itself goes, if
// that was asked for.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import type { Recovery } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { runChild } from '../replication/run-child.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { assignPolicies } from '../vms/assign-policies.ts';
import { type CommitFailoverInput, commitFailover } from './commit-failover.ts';
import { failoverStateOf, writeStep } from './failover-store.ts';

const checkpointSchema = z.object({
  vmId: z.string(),
  /** Of the source's disks. */
  assignments: z.array(z.object({ diskKey: z.number().int(), policyId: z.string() })),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performCommitFailover: TaskHandler<CommitFailoverInput> = async (context, input) => {
  const known = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  const { vmId, assignments } = known;
  const row = await context.db.recovery.findUniqueOrThrow({ where: { vmId } });
  const { protectTargetId: replicationTargetId, sourceId } = input;
  if (replicationTargetId !== null && assignments.length > 0) {
    await context.progress(10, `Protecting ${row.vmName}`);
    const wanted = { vmId, assignments, replicationTargetId };
    await runChild(context, assignPolicies, wanted, { targetId: vmId });
  }
  if (input.deleteSource) {
    await context.progress(60, `Deleting ${row.sourceName}`);
    await runChild(context, deleteVm, { vmId: sourceId }, { targetId: sourceId });
  }
  await finish(context, row, input);
  return { vmId };
};

function begin({ db, taskId }: TaskContext, input: CommitFailoverInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await commitFailover.observe(tx, input);
    requireAllowed(commitFailover.judge(observed, input));
    const { row } = observed;
    const from = row && failoverStateOf(row);
    if (!row || !from) throw new Fault('NotFound', 'There is no failover to commit.');
    const { vmId } = row;
    const disks = await tx.disk.findMany({ where: { vmId: input.sourceId } });
    const checkpoint = {
      vmId,
      assignments: disks.flatMap(({ key: diskKey, policyId }) =>
        policyId === null ? [] : [{ diskKey, policyId }],
      ),
    };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    await writeStep(tx, { vmId, from, step: 'commit' });
    return checkpoint;
  });
}

async function finish(
  { db, clock, initiator, taskId }: TaskContext,
  { vmId, vmName, sourceName }: Recovery,
  { deleteSource, sourceId }: CommitFailoverInput,
): Promise<void> {
  await transact(db, async (tx) => {
    const row = await tx.recovery.findUniqueOrThrow({ where: { vmId } });
    if (failoverStateOf(row) === 'committed') return;
    const data = { decidedBy: initiator, decidedAt: new Date(clock.now()) };
    await writeStep(tx, { vmId, from: 'committing', step: 'kept' }, data);
    const fate = `${sourceName} ${deleteSource ? 'is deleted' : 'is kept, and stays off'}`;
    await postEvent(tx, {
      ...{ type: 'VmFailoverCommittedEvent', severity: 'info', initiator, taskId },
      message: `The failover of ${sourceName} was committed: ${vmName} stays, ${fate}.`,
      objects: deleteSource ? [vmId] : [vmId, sourceId],
    });
    await recordChange(tx, { object: vmId, path: 'recoveries' });
  });
}
