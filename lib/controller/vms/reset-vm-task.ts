// Resets a VM on its host, which ends the connections of all its clients.
import { resetVm as resetVmRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { beginChange } from '../layouts/change-layout.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { type ResetInput, resetVm } from './reset-vm.ts';
import { findVm } from './vm-store.ts';

export const performReset: TaskHandler<ResetInput> = async (context, input) => {
  const { db, taskId, initiator } = context;
  await beginChange(context, resetVm, input);
  const vm = await findVm(db, input.vmId);
  await context.progress(20, `Resetting ${vm.name} on ${vm.host.name}`);
  const request = { operationKey: `${taskId}:reset`, vmId: vm.id };
  await callOperation(context, { host: vm.host, rpc: resetVmRpc, input: request });
  await refreshWorlds(context, vm.host);
  await transact(db, (tx) =>
    postEvent(tx, {
      type: 'VmResettingEvent',
      severity: 'info',
      message: `${vm.name} on ${vm.host.name} was reset.`,
      objects: [vm.id, vm.hostId],
      initiator,
      taskId,
    }),
  );
  return undefined;
};
