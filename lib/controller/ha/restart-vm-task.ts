// Restarts a VM of a failed host: first it is registered where it shall run, then that host is
// told, so that it runs whatever dies in between. The locks of its disks have the last word.
import { z } from 'zod';
import { Fault, toFaultRecord } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { powerOnVm } from '../../wire/agent/host-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVm, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { saveTrouble } from './ha-trouble.ts';
import { type RestartVmInput, restartVm } from './restart-vm.ts';

/** Where the VM was registered before it is told to run. */
const checkpointSchema = z.object({ toHostId: z.string() });

export const performRestartVm: TaskHandler<RestartVmInput> = async (context, input) => {
  const { taskId, signal } = context;
  const vm = await decide(context, input);
  // An admin moved it meanwhile.
  if (vm === null) return { hostId: null };
  await context.progress(20, `Restarting ${vm.name} on ${vm.host.name}`);
  try {
    const call = { operationKey: `${taskId}:powerOn`, vm: toRunSpec(vm) };
    await callOperation(context, { host: vm.host, rpc: powerOnVm, input: call });
  } catch (error) {
    // Of a host that fell silent nobody knows whether it runs the VM: it stays registered there.
    if (!signal.aborted && !isUnreachable(error)) await giveBack(context, input, vm, error);
    throw error;
  }
  await refreshWorlds(context, vm.host);
  await announce(context, input, vm);
  return { hostId: vm.hostId };
};

/** Judges again, chooses the host, and registers the VM there. */
function decide(context: TaskContext, input: RestartVmInput): Promise<VmRow | null> {
  const { vmId, fromHostId } = input;
  const done = context.checkpoint(checkpointSchema);
  return transact(context.db, async (tx) => {
    if (done) {
      const vm = await findVm(tx, vmId);
      return vm.hostId === done.toHostId && vm.desiredPowerState === 'poweredOn' ? vm : null;
    }
    const observed = await restartVm.observe(tx, input);
    requireAllowed(restartVm.judge(observed, input));
    const { toHostId } = observed;
    if (toHostId === null) throw new Fault('NoCompatibleHost', 'No host can take it.');
    await register(tx, vmId, { from: fromHostId, to: toHostId });
    const checkpoint = { toHostId };
    await tx.task.update({ where: { id: context.taskId }, data: { checkpoint } });
    await recordMove(tx, vmId, [fromHostId, toHostId]);
    return findVm(tx, vmId);
  });
}

async function register(
  tx: DatabaseTransaction,
  vmId: string,
  { from, to }: { from: string; to: string },
): Promise<boolean> {
  const { count } = await tx.vm.updateMany({
    where: { id: vmId, hostId: from },
    data: {
      hostId: to,
      ...{ powerState: 'poweredOff', worldState: 'off', worldMessage: '', nbdSocketPath: '' },
      ...{ trouble: Prisma.DbNull, haTrouble: Prisma.DbNull },
    },
  });
  return count > 0;
}

async function giveBack(
  { db }: TaskContext,
  { vmId, fromHostId }: RestartVmInput,
  vm: VmRow,
  error: unknown,
): Promise<void> {
  const { reasons } = toFaultRecord(error);
  await transact(db, async (tx) => {
    if (!(await register(tx, vmId, { from: vm.hostId, to: fromHostId }))) return;
    const failed = await tx.host.findUnique({ where: { id: fromHostId } });
    if (failed) await saveTrouble(tx, failed, { vmId, reasons });
    await recordMove(tx, vmId, [fromHostId, vm.hostId]);
  });
}

async function announce(
  { db, initiator, taskId }: TaskContext,
  { vmId, fromHostId }: RestartVmInput,
  vm: VmRow,
): Promise<void> {
  await transact(db, async (tx) => {
    const failed = await tx.host.findUnique({ where: { id: fromHostId } });
    await postEvent(tx, {
      type: 'VmRestartedOnAlternateHostEvent',
      severity: 'warning',
      message:
        `vSphere HA restarted ${vm.name} on ${vm.host.name}, ` +
        `because ${failed?.name ?? fromHostId} has failed.`,
      objects: [vmId, vm.hostId, fromHostId],
      ...{ initiator, taskId },
    });
  });
}

async function recordMove(
  tx: DatabaseTransaction,
  vmId: string,
  hostIds: readonly string[],
): Promise<void> {
  await recordChanges(
    tx,
    [vmId, ...hostIds].map((object) => ({ object, path: 'host' })),
  );
}
