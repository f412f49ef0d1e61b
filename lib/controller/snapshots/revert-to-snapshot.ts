// Revert snapshot: the disks become what they were, and what was written since is given up.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeRevert } from '../../rules/storage/snapshots.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';

const revertInputSchema = z.object({ vmId: objectIdSchema, snapshotId: z.number().int() });
export type RevertInput = z.infer<typeof revertInputSchema>;

export const revertToSnapshot = defineOperation<RevertInput, ObservedVm>({
  key: 'vm.Snapshot.revert',
  label: 'Revert snapshot',
  input: revertInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.RevertToSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }, { snapshotId }) => judgeRevert(vm, host, snapshotId),
});
