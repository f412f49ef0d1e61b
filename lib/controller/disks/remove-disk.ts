// Reconfigure virtual machine: takes a disk away, also while the VM is on; its files stay or go.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeRemoveDisk } from '../../rules/storage/disks.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from '../vms/observe-vm.ts';
import { requireDisk } from './grow-disk.ts';

const removeDiskInputSchema = z.object({
  /** Tells it from the other changes of a configuration. */
  change: z.literal('removeDisk'),
  vmId: objectIdSchema,
  diskKey: z.number().int(),
  deleteFiles: z.boolean(),
});
export type RemoveDiskInput = z.infer<typeof removeDiskInputSchema>;

export const removeDisk = defineOperation({
  key: 'VirtualMachine.reconfigure',
  label: 'Reconfigure virtual machine',
  input: removeDiskInputSchema,
  cancelable: false,
  async observe(tx, { vmId, diskKey }) {
    const observed = await observeVm(tx, { vmId });
    return { ...observed, disk: requireDisk(observed.vm, diskKey) };
  },
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Config.RemoveDisk', objectId: vmId }],
  judge: ({ vm, host, disk }, { deleteFiles }) => judgeRemoveDisk(vm, host, { disk, deleteFiles }),
});
