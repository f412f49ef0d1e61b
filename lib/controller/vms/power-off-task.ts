// Powers a VM off: what is wanted first, then the host. A host that could not be told is told when
// it is back.
import { Fault } from '../../model/fault.ts';
import { powerOffVm } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import type { PowerOffInput } from './power-off.ts';
import { findVm } from './vm-store.ts';

export const performPowerOff: TaskHandler<PowerOffInput> = async (context, { vmId }) => {
  const { db, taskId } = context;
  const vm = await transact(db, async (tx) => {
    await tx.vm.updateMany({ where: { id: vmId }, data: { desiredPowerState: 'poweredOff' } });
    await recordChange(tx, { object: vmId, path: 'desiredPowerState' });
    return findVm(tx, vmId);
  });
  await context.progress(20, `Powering off ${vm.name} on ${vm.host.name}`);
  const input = { operationKey: `${taskId}:powerOff`, vmId };
  try {
    await callOperation(context, { host: vm.host, rpc: powerOffVm, input });
  } catch (error) {
    // A host that does not know the VM does not run it.
    if (!(error instanceof Fault) || error.fault !== 'NotFound') throw error;
  }
  await refreshWorlds(context, vm.host);
  await transact(db, (tx) =>
    postEvent(tx, {
      type: 'VmPoweredOffEvent',
      severity: 'info',
      message: `${vm.name} on ${vm.host.name} is powered off.`,
      objects: [vmId, vm.hostId],
      initiator: context.initiator,
      taskId,
    }),
  );
  return undefined;
};
