// Create virtual machine snapshot: all disks at the same moment.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeCreateSnapshot } from '../../rules/storage/snapshots.ts';
import { createSnapshotSchema } from '../../wire/api/vm-operations.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';

const createSnapshotInputSchema = createSnapshotSchema.extend({ vmId: objectIdSchema });
export type CreateSnapshotInput = z.infer<typeof createSnapshotInputSchema>;

export const createSnapshot = defineOperation<CreateSnapshotInput, ObservedVm>({
  key: 'VirtualMachine.createSnapshot',
  label: 'Create virtual machine snapshot',
  input: createSnapshotInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.CreateSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }) => judgeCreateSnapshot(vm, host),
});
