// Removes snapshots: the host merges what only they kept apart, while the VM works.
import type { VmLayout } from '../../wire/agent/disk-rpc.ts';
import { removeSnapshot as removeSnapshotRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVmFacts, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import {
  type RemoveAllSnapshotsInput,
  type RemoveSnapshotInput,
  removeAllSnapshots,
  removeSnapshot,
} from './remove-snapshot.ts';

export const performRemoveSnapshot: TaskHandler<RemoveSnapshotInput> = (context, input) =>
  changeLayout(context, { operation: removeSnapshot, input }, async (vm) => {
    const { snapshots } = await findVmFacts(context.db, vm.id);
    const name = snapshots.find(({ id }) => id === input.snapshotId)?.name ?? '';
    const { layout, mergedBytes } = await remove(context, vm, { ...input, from: 5, to: 95 });
    const more = input.removeChildren ? ', and all that descended from it,' : '';
    const message = `The snapshot “${name}” of ${vm.name}${more} was removed.`;
    return {
      layout,
      result: { mergedBytes },
      event: { type: 'VmSnapshotRemovedEvent', message },
    };
  });

export const performRemoveAllSnapshots: TaskHandler<RemoveAllSnapshotsInput> = (context, input) =>
  changeLayout(context, { operation: removeAllSnapshots, input }, async (vm) => {
    const { snapshots } = await findVmFacts(context.db, vm.id);
    const roots = snapshots.filter(({ parentId }) => parentId === null);
    let layout: VmLayout | null = null;
    let mergedBytes = 0;
    for (const [index, { id: snapshotId }] of roots.entries()) {
      const [from, to] = [index, index + 1].map((part) => 5 + (90 * part) / roots.length);
      const range = { from: from ?? 5, to: to ?? 95 };
      const spec = layout ? withLayout(vm, layout) : toRunSpec(vm);
      const part = { snapshotId, removeChildren: true, ...range, spec };
      const answer = await remove(context, vm, part);
      layout = answer.layout;
      mergedBytes += answer.mergedBytes;
    }
    return {
      layout: layout ?? emptyOf(vm),
      result: { mergedBytes },
      event: {
        type: 'VmSnapshotRemovedEvent',
        message: `All snapshots of ${vm.name} were removed.`,
      },
    };
  });

interface Removal {
  snapshotId: number;
  removeChildren: boolean;
  from: number;
  to: number;
  spec?: ReturnType<typeof toRunSpec>;
}

function remove(context: TaskContext, vm: VmRow, removal: Removal) {
  const { snapshotId, removeChildren, from, to, spec = toRunSpec(vm) } = removal;
  return callOperation(context, {
    host: vm.host,
    rpc: removeSnapshotRpc,
    input: {
      ...{ operationKey: `${context.taskId}:removeSnapshot:${snapshotId}`, vm: spec },
      ...{ snapshotId, removeChildren },
    },
    cancelable: true,
    onProgress: showProgress(context, from, to, `Merging redo logs of ${vm.name}`),
  });
}

/** The files as the part before has left them. */
function withLayout(vm: VmRow, { datastoreId, vmxPath, disks }: VmLayout) {
  return { ...toRunSpec(vm), datastoreId, vmxPath, disks };
}

/** A run before this one removed them all. */
function emptyOf(vm: VmRow): VmLayout {
  const { datastoreId, vmxPath, disks } = toRunSpec(vm);
  return { datastoreId, vmxPath, disks, snapshots: [], currentSnapshotId: null };
}
