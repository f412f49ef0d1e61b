// Suspends a VM: what is wanted first, then the host. When the host refuses, the wish is taken
// back.
import { suspendVm as suspendVmRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { beginChange } from '../layouts/change-layout.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { type SuspendInput, suspendVm } from './suspend-vm.ts';
import { findVm } from './vm-store.ts';

export const performSuspend: TaskHandler<SuspendInput> = async (context, input) => {
  const { db, taskId, signal, initiator } = context;
  await beginChange(context, suspendVm, input);
  await want(context, input.vmId, 'suspended');
  const vm = await findVm(db, input.vmId);
  await context.progress(20, `Suspending ${vm.name} on ${vm.host.name}`);
  try {
    const request = { operationKey: `${taskId}:suspend`, vmId: vm.id };
    await callOperation(context, { host: vm.host, rpc: suspendVmRpc, input: request });
  } catch (error) {
    if (!signal.aborted) await want(context, vm.id, 'poweredOn');
    throw error;
  }
  await refreshWorlds(context, vm.host);
  await transact(db, (tx) =>
    postEvent(tx, {
      type: 'VmSuspendedEvent',
      severity: 'info',
      message: `${vm.name} on ${vm.host.name} is suspended.`,
      objects: [vm.id, vm.hostId],
      initiator,
      taskId,
    }),
  );
  return undefined;
};

async function want({ db }: TaskContext, vmId: string, desiredPowerState: string): Promise<void> {
  await transact(db, async (tx) => {
    await tx.vm.updateMany({ where: { id: vmId }, data: { desiredPowerState } });
    await recordChange(tx, { object: vmId, path: 'desiredPowerState' });
  });
}
