// Removes snapshots: the host merges what only they kept apart, while the VM works. Cancelled while
// it merges, the snapshots are gone, what was merged stays so, and the rest waits.
import type { VmLayout } from '../../wire/agent/disk-rpc.ts';
import { removeSnapshot as removeSnapshotRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVmFacts, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { consolidate, requireConsolidated } from './consolidate-disks-task.ts';
import {
  type RemoveAllSnapshotsInput,
  type RemoveSnapshotInput,
  removeAllSnapshots,
  removeSnapshot,
} from './remove-snapshot.ts';

export const performRemoveSnapshot: TaskHandler<RemoveSnapshotInput> = async (context, input) => {
  let left: VmLayout | null = null;
  let message = '';
  const result = await changeLayout(context, { operation: removeSnapshot, input }, async (vm) => {
    const { snapshots } = await findVmFacts(context.db, vm.id);
    const name = snapshots.find(({ id }) => id === input.snapshotId)?.name ?? '';
    const { layout, mergedBytes } = await remove(context, vm, { ...input, from: 5, to: 95 });
    left = layout;
    const more = input.removeChildren ? ', and all that descended from it,' : '';
    message = `The snapshot “${name}” of ${vm.name}${more} was removed`;
    return {
      layout,
      result: { mergedBytes },
      event: { type: 'VmSnapshotRemovedEvent', message: `${message}.` },
    };
  });
  requireConsolidated(left, message);
  return result;
};

export const performRemoveAllSnapshots: TaskHandler<RemoveAllSnapshotsInput> = async (
  context,
  input,
) => {
  let left: VmLayout | null = null;
  let message = '';
  const operation = removeAllSnapshots;
  const result = await changeLayout(context, { operation, input }, async (vm) => {
    const { layout, mergedBytes, isWhole } = await removeRoots(context, vm);
    left = layout;
    message = `${isWhole ? 'All' : 'Some'} snapshots of ${vm.name} were removed`;
    return {
      layout: layout ?? emptyOf(vm),
      result: { mergedBytes },
      event: { type: 'VmSnapshotRemovedEvent', message: `${message}.` },
    };
  });
  requireConsolidated(left, message);
  return result;
};

async function removeRoots(context: TaskContext, vm: VmRow) {
  const { snapshots } = await findVmFacts(context.db, vm.id);
  const roots = snapshots.filter(({ parentId }) => parentId === null);
  let layout: VmLayout | null = null;
  let mergedBytes = 0;
  for (const [index, { id: snapshotId }] of roots.entries()) {
    const [from, to] = [index, index + 1].map((part) => 5 + (90 * part) / roots.length);
    const range = { from: from ?? 5, to: to ?? 95 };
    const spec = layout ? withLayout(vm, layout) : toRunSpec(vm);
    const part = { snapshotId, removeChildren: true, ...range, spec };
    const answer: { layout: VmLayout; mergedBytes: number } = await remove(context, vm, part);
    layout = answer.layout;
    mergedBytes += answer.mergedBytes;
    if (layout.consolidationNeeded) break;
  }
  return { layout, mergedBytes, isWhole: (layout?.snapshots.length ?? 0) === 0 };
}

interface Removal {
  snapshotId: number;
  removeChildren: boolean;
  from: number;
  to: number;
  spec?: ReturnType<typeof toRunSpec>;
}

async function remove(context: TaskContext, vm: VmRow, removal: Removal) {
  const { snapshotId, removeChildren, from, to, spec = toRunSpec(vm) } = removal;
  const answer = await callOperation(context, {
    host: vm.host,
    rpc: removeSnapshotRpc,
    input: {
      ...{ operationKey: `${context.taskId}:removeSnapshot:${snapshotId}`, vm: spec },
      ...{ snapshotId, removeChildren },
    },
    cancelable: true,
    onProgress: showProgress(context, from, to, `Merging redo logs of ${vm.name}`),
  });
  // Its agent was stopped meanwhile; nobody wants the rest to wait.
  if (!answer.layout.consolidationNeeded || context.signal.aborted) return answer;
  const range = { from, to, step: String(snapshotId), spec: withLayout(vm, answer.layout) };
  const rest = await consolidate(context, vm, range);
  return { ...rest, mergedBytes: answer.mergedBytes + rest.mergedBytes };
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
