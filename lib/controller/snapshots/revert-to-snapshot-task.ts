// Goes back to a snapshot: powers the VM off, since a snapshot holds no running state, and has the
// host give up what was written since.
import { revertToSnapshot as revertRpc, type VmLayout } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { stopWorld } from '../vms/stop-world.ts';
import { findVmFacts, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { type RevertInput, revertToSnapshot } from './revert-to-snapshot.ts';

export const performRevertToSnapshot: TaskHandler<RevertInput> = (context, input) =>
  changeLayout(context, { operation: revertToSnapshot, input }, async (vm) => {
    const { snapshots } = await findVmFacts(context.db, vm.id);
    const name = snapshots.find(({ id }) => id === input.snapshotId)?.name ?? '';
    await context.progress(5, `Powering off ${vm.name}`);
    await stopWorld(context, vm);
    const step = `Going back to “${name}”`;
    await context.progress(30, step);
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: revertRpc,
      input: {
        ...{ operationKey: `${context.taskId}:revert`, vm: toRunSpec(vm) },
        snapshotId: input.snapshotId,
      },
      onProgress: showProgress(context, 30, 95, step),
    });
    const message =
      `${vm.name} was reverted to the snapshot “${name}” and is powered off.` +
      cameBack(vm, layout);
    return { layout, result: {}, event: { type: 'VmSnapshotRevertedEvent', message } };
  });

/** Of disks that the VM had no more: their filters are back, but no policy is theirs. */
function cameBack(vm: VmRow, { disks }: VmLayout): string {
  const known = new Set(vm.disks.map(({ key }) => key));
  return disks
    .filter(({ key, filters }) => !known.has(key) && filters.length > 0)
    .map(({ label, filters }) => {
      const names = filters.map(({ name }) => name).join(', ');
      return (
        ` ${label} is back with ${names}, set as the snapshot has it, and no storage policy; ` +
        'assign one to it.'
      );
    })
    .join('');
}
