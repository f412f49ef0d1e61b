// Gives each encrypted disk of a VM a new key, and a new data key when that is wanted, one disk
// after the other. The key's name comes from the task, so that a repeated run draws no other.
import { z } from 'zod';
import { diskFilterSchema } from '../../model/filter.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { setDiskFilters } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import { refreshWorlds } from '../reconciler/refresh-host.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
import { awaitWalk } from './await-walk.ts';
import { newKeyName, withKeys } from './managed-properties.ts';
import { observeRecrypt, type RecryptInput, recryptVm } from './recrypt-vm.ts';

const doneSchema = z.array(z.number());
const filtersSchema = z.array(diskFilterSchema);

export const performRecrypt: TaskHandler<RecryptInput> = async (context, input) => {
  const observed = await observeRecrypt(context.db, input);
  requireAllowed(recryptVm.judge(observed, input));
  let done = context.checkpoint(doneSchema) ?? [];
  for (const { key, label } of observed.disks) {
    if (done.includes(key)) continue;
    await recryptDisk(context, input, { key, label, share: 100 / observed.disks.length, done });
    done = [...done, key];
    await context.saveCheckpoint(done);
  }
  await announce(context, input);
  return { disks: done.length };
};

async function recryptDisk(
  context: TaskContext,
  { vmId, deep }: RecryptInput,
  { key, label, share, done }: { key: number; label: string; share: number; done: number[] },
): Promise<void> {
  const { db, taskId } = context;
  const vm = await findVm(db, vmId);
  const disk = vm.disks.find((each) => each.key === key);
  const current = filtersSchema.parse(disk?.filters ?? []);
  const name = newKeyName(vmId, key, taskId);
  // A run before this one has got so far: the disk has the key of this task.
  const isDone = current.some(({ properties }) => properties.keyId === name);
  const from = share * done.length;
  const walk = { host: vm.host, vmId, diskKey: key, diskLabel: label, from, to: from };
  // One that stopped half way may have left the data key under the key before: with another new
  // key now, nothing would name that one any more.
  if (!isDone) await awaitWalk(context, walk);
  const filters = isDone
    ? current
    : await withKeys(context, { current, wanted: current }, { name, rewrap: true, deep });
  await callOperation(context, {
    host: vm.host,
    rpc: setDiskFilters,
    input: { operationKey: `${taskId}:recrypt:${key}`, vm: toRunSpec(vm), diskKey: key, filters },
  });
  await transact(db, async (tx) => {
    await tx.disk.update({ where: { vmId_key: { vmId, key } }, data: { filters } });
    await recordChange(tx, { object: vmId, path: 'filters' });
  });
  await refreshWorlds(context, vm.host);
  await awaitWalk(context, { ...walk, to: from + share });
}

async function announce(
  { db, initiator, taskId }: TaskContext,
  { vmId, deep }: RecryptInput,
): Promise<void> {
  const vm = await findVm(db, vmId);
  const what = deep ? 'with new data keys' : 'with a new key';
  await transact(db, (tx) =>
    postEvent(tx, {
      type: 'VmReconfiguredEvent',
      severity: 'info',
      message: `Re-encrypted ${vm.name} ${what}.`,
      objects: [vmId, vm.hostId],
      initiator,
      taskId,
    }),
  );
}
