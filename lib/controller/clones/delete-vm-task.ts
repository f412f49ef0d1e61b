// Deletes a VM: the host forgets it, its files go, and then its rows. What is needed for that is
// kept with the task, so that it ends also when the controller dies in between.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { destroyVm } from '../../wire/agent/disk-rpc.ts';
import { unregisterVm, vmRunSpecSchema } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { findHost } from '../hosts/host-store.ts';
import { forgetObject } from '../objects/forget-object.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
import { type DeleteVmInput, deleteVm } from './delete-vm.ts';

const checkpointSchema = z.object({ hostId: z.string(), vm: vmRunSpecSchema });
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performDeleteVm: TaskHandler<DeleteVmInput> = async (context, input) => {
  const { hostId, vm } = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  const host = await findHost(context.db, hostId);
  await context.progress(10, `Unregistering ${vm.name} on ${host.name}`);
  try {
    const request = { operationKey: `${context.taskId}:unregister`, vmId: vm.vmId };
    await callOperation(context, { host, rpc: unregisterVm, input: request });
  } catch (error) {
    // A host that does not know the VM has nothing to forget.
    if (!(error instanceof Fault) || error.fault !== 'NotFound') throw error;
  }
  await context.progress(40, `Deleting the files of ${vm.name}`);
  const request = { operationKey: `${context.taskId}:destroy`, vm };
  await callOperation(context, { host, rpc: destroyVm, input: request });
  await forget(context, { hostId, vm });
  return undefined;
};

function begin({ db, taskId }: TaskContext, input: DeleteVmInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await deleteVm.observe(tx, input);
    requireAllowed(deleteVm.judge(observed, input));
    const vm = await findVm(tx, input.vmId);
    await tx.vm.update({
      where: { id: vm.id },
      data: { desiredPowerState: 'poweredOff', layoutReadAt: null },
    });
    const checkpoint = { hostId: vm.hostId, vm: toRunSpec(vm) };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    return checkpoint;
  });
}

async function forget(
  { db, initiator, taskId }: TaskContext,
  { hostId, vm }: Checkpoint,
): Promise<void> {
  await transact(db, async (tx) => {
    const row = await tx.vm.findUnique({
      where: { id: vm.vmId },
      select: { parentVmId: true, folderId: true },
    });
    // A run before this one got so far.
    if (!row) return;
    await tx.vm.delete({ where: { id: vm.vmId } });
    await forgetObject(tx, vm.vmId);
    await tx.recommendation.deleteMany({ where: { vmId: vm.vmId } });
    await tx.vmSample.deleteMany({ where: { vmId: vm.vmId } });
    await postEvent(tx, {
      type: 'VmRemovedEvent',
      severity: 'info',
      message: `${vm.name} was deleted, and its files with it.`,
      objects: [vm.vmId, hostId],
      initiator,
      taskId,
    });
    await recordChanges(tx, [
      { object: vm.vmId, path: 'deleted' },
      { object: hostId, path: 'vms' },
      ...(row.folderId ? [{ object: row.folderId, path: 'contents' }] : []),
      ...(row.parentVmId ? [{ object: row.parentVmId, path: 'linkedClones' }] : []),
    ]);
  });
}
