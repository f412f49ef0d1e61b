// Ends a VM's world as a step of a task: what is wanted first, then the host.
import { Fault } from '../../model/fault.ts';
import { powerOffVm } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { VmRow } from './vm-store.ts';

/** Of a VM that is off, or that the host does not know, nothing is asked. */
export async function stopWorld(context: TaskContext, vm: VmRow): Promise<void> {
  await transact(context.db, async (tx) => {
    await tx.vm.updateMany({ where: { id: vm.id }, data: { desiredPowerState: 'poweredOff' } });
    await recordChange(tx, { object: vm.id, path: 'desiredPowerState' });
  });
  const input = { operationKey: `${context.taskId}:powerOff`, vmId: vm.id };
  try {
    await callOperation(context, { host: vm.host, rpc: powerOffVm, input });
  } catch (error) {
    // A host that does not know the VM does not run it.
    if (!(error instanceof Fault) || error.fault !== 'NotFound') throw error;
  }
  await refreshWorlds(context, vm.host);
}
