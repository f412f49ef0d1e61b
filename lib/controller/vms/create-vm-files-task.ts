// Waits until the VM's host is connected and reaches the datastores, makes the files there, and
// powers the VM on.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { createVm } from '../../wire/agent/host-rpc.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import type { CreateVmFilesInput } from './create-vm-files.ts';
import { powerOn } from './power-on.ts';
import { findVm, toRunSpec, type VmRow } from './vm-store.ts';

const HOST_WAIT_MS = 5 * 60_000;
const POLL_MS = 500;

export const performCreateVmFiles: TaskHandler<CreateVmFilesInput> = async (context, input) => {
  const { agents, taskId, signal } = context;
  const vm = await waitForHost(context, input.vmId);
  await context.progress(20, `Creating the files of ${vm.name} on ${vm.host.name}`);
  const { warnings } = await agents.call(
    vm.host,
    createVm,
    { operationKey: `${taskId}:createVm`, vm: toRunSpec(vm), contents: input.contents },
    { signal, patienceMs: 30_000 },
  );
  await announce(context, vm, warnings);
  if (input.powerOn) await startOnce(context, vm);
  return { warnings };
};

/** The VM with its host, when that is connected and reaches all datastores of the VM. */
async function waitForHost(context: TaskContext, vmId: string): Promise<VmRow> {
  const { db, clock, signal } = context;
  const until = clock.monotonic() + HOST_WAIT_MS;
  for (;;) {
    const vm = await findVm(db, vmId);
    const mounts = await db.hostDatastore.findMany({
      where: { hostId: vm.hostId, accessible: true },
    });
    const reached = new Set(mounts.map(({ datastoreId }) => datastoreId));
    const needed = [vm.datastoreId, ...vm.disks.map(({ datastoreId }) => datastoreId)];
    const isReady =
      vm.host.connectionState === 'connected' && needed.every((id) => reached.has(id));
    if (isReady) return vm;
    if (clock.monotonic() > until) {
      const host = vm.host.name;
      const message = `${host} did not connect, or lacks a datastore of ${vm.name}.`;
      throw new Fault('HostNotConnected', message);
    }
    await context.progress(0, `Waiting for ${vm.host.name}`);
    await sleep(clock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

async function announce({ db, ...context }: TaskContext, vm: VmRow, warnings: string[]) {
  const { initiator, taskId } = context;
  const objects = [vm.id, vm.hostId];
  await transact(db, async (tx) => {
    await postEvent(tx, {
      type: 'VmCreatedEvent',
      severity: warnings.length > 0 ? 'warning' : 'info',
      message: [`${vm.name} was created on ${vm.host.name}.`, ...warnings].join(' '),
      objects,
      initiator,
      taskId,
    });
    await recordChange(tx, { object: vm.id, path: 'disks' });
  });
}

async function startOnce({ db, taskId, initiator }: TaskContext, vm: VmRow): Promise<void> {
  const before = await db.task.findFirst({ where: { parentId: taskId, targetId: vm.id } });
  if (before) return;
  const caller = systemCaller(initiator);
  await submit({ db, caller, operation: powerOn, input: { vmId: vm.id }, parentId: taskId });
}
