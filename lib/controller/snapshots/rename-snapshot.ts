// Rename snapshot: its name and description.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeRenameSnapshot } from '../../rules/storage/snapshots.ts';
import { renameSnapshotSchema } from '../../wire/api/vm-operations.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';

const renameInputSchema = renameSnapshotSchema.extend({
  vmId: objectIdSchema,
  snapshotId: z.number().int(),
});
export type RenameSnapshotInput = z.infer<typeof renameInputSchema>;

export const renameSnapshot = defineOperation<RenameSnapshotInput, ObservedVm>({
  key: 'vm.Snapshot.rename',
  label: 'Rename snapshot',
  input: renameInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.RenameSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }, { snapshotId }) => judgeRenameSnapshot(vm, host, snapshotId),
});
