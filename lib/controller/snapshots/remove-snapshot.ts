// Remove snapshot, alone or with all that descend from it, and Remove all snapshots.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeRemoveAllSnapshots, judgeRemoveSnapshot } from '../../rules/storage/snapshots.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';

const removeInputSchema = z.object({
  vmId: objectIdSchema,
  snapshotId: z.number().int(),
  removeChildren: z.boolean(),
});
export type RemoveSnapshotInput = z.infer<typeof removeInputSchema>;

export const removeSnapshot = defineOperation<RemoveSnapshotInput, ObservedVm>({
  key: 'vm.Snapshot.remove',
  label: 'Remove snapshot',
  input: removeInputSchema,
  cancelable: true,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.RemoveSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }, input) => judgeRemoveSnapshot(vm, host, input),
});

const removeAllInputSchema = z.object({ vmId: objectIdSchema });
export type RemoveAllSnapshotsInput = z.infer<typeof removeAllInputSchema>;

export const removeAllSnapshots = defineOperation({
  key: 'VirtualMachine.removeAllSnapshots',
  label: 'Remove all snapshots',
  input: removeAllInputSchema,
  cancelable: true,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.RemoveSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }) => judgeRemoveAllSnapshots(vm, host),
});
