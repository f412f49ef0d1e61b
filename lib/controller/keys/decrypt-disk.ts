// Brings an encrypted disk to clear text while it is in use, before its filter leaves it. What is
// wanted is written first: a task that fails half way has not made the disk look encrypted.
import type { DiskFilter } from '../../model/filter.ts';
import { setDiskFilters } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { awaitWalk } from './await-walk.ts';

/** Throws `InvalidPowerState` when the VM is, or goes, off. */
export async function decryptDisk(
  context: TaskContext,
  vm: VmRow,
  { disk, current }: { disk: { key: number; label: string }; current: readonly DiskFilter[] },
): Promise<void> {
  const { db, taskId } = context;
  const filters = current.map((filter) =>
    filter.class === 'encryption'
      ? { ...filter, properties: { ...filter.properties, decrypt: true } }
      : filter,
  );
  await callOperation(context, {
    host: vm.host,
    rpc: setDiskFilters,
    input: {
      operationKey: `${taskId}:decrypt:${disk.key}`,
      ...{ vm: toRunSpec(vm), diskKey: disk.key, filters },
    },
  });
  await transact(db, async (tx) => {
    const where = { vmId_key: { vmId: vm.id, key: disk.key } };
    await tx.disk.update({ where, data: { filters } });
    await recordChange(tx, { object: vm.id, path: 'filters' });
  });
  const walk = { host: vm.host, vmId: vm.id, diskKey: disk.key, diskLabel: disk.label };
  await awaitWalk(context, { ...walk, from: 0, to: 95 });
}
