// Powers a VM on: first what is wanted is written, then the host is told, so that a VM that shall
// run, runs, whatever dies in between.
import { requireAllowed } from '../../model/verdict.ts';
import { planPowerOn } from '../../rules/power.ts';
import { powerOnVm } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import { lockPoolsAround } from '../resource-pools/pool-store.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { observePowerOn, type PowerOnInput } from './power-on.ts';
import { findVm, toRunSpec, type VmRow } from './vm-store.ts';

export const performPowerOn: TaskHandler<PowerOnInput> = async (context, { vmId }) => {
  const { taskId, signal } = context;
  const { vm, placed } = await decide(context, vmId);
  const wasSuspended = vm.powerState === 'suspended';
  await context.progress(20, `Powering on ${vm.name} on ${vm.host.name}`);
  try {
    const input = { operationKey: `${taskId}:powerOn`, vm: toRunSpec(vm) };
    await callOperation(context, { host: vm.host, rpc: powerOnVm, input });
  } catch (error) {
    if (!signal.aborted) await giveUp(context, vmId, wasSuspended);
    throw error;
  }
  await refreshWorlds(context, vm.host);
  await announce(context, vm, placed);
  return { hostId: vm.hostId };
};

/** Judges again, chooses the host, and writes what is wanted. */
function decide(context: TaskContext, vmId: string): Promise<{ vm: VmRow; placed: boolean }> {
  return transact(context.db, async (tx) => {
    // Before anything is observed: one that is judged next sees that this one has its memory.
    await lockPoolsAround(tx, vmId);
    const facts = await observePowerOn(tx, vmId);
    const vm = await findVm(tx, vmId);
    // A run before this one got so far.
    if (facts.vm.powerState === 'poweredOn') return { vm, placed: false };
    const { verdict, hostId } = planPowerOn(facts);
    requireAllowed(verdict);
    const data = { desiredPowerState: 'poweredOn', hostId };
    await tx.vm.update({ where: { id: vmId }, data });
    await recordChange(tx, { object: vmId, path: 'desiredPowerState' });
    return { vm: await findVm(tx, vmId), placed: hostId !== vm.hostId };
  });
}

/** The task fails, so nobody shall start the VM later on unasked. */
async function giveUp({ db }: TaskContext, vmId: string, wasSuspended: boolean): Promise<void> {
  const desiredPowerState = wasSuspended ? 'suspended' : 'poweredOff';
  await transact(db, async (tx) => {
    await tx.vm.update({ where: { id: vmId }, data: { desiredPowerState } });
    await recordChange(tx, { object: vmId, path: 'desiredPowerState' });
  });
}

async function announce(context: TaskContext, vm: VmRow, placed: boolean): Promise<void> {
  await transact(context.db, (tx) =>
    postEvent(tx, {
      type: placed ? 'DrsVmPoweredOnEvent' : 'VmPoweredOnEvent',
      severity: 'info',
      message: placed
        ? `DRS powered on ${vm.name} on ${vm.host.name}.`
        : `${vm.name} on ${vm.host.name} is powered on.`,
      objects: [vm.id, vm.hostId],
      initiator: context.initiator,
      taskId: context.taskId,
    }),
  );
}
