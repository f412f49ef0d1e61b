// Delete virtual machine: out of the inventory and off the disk.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeDelete } from '../../rules/storage/clone.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from '../vms/observe-vm.ts';

const deleteVmInputSchema = z.object({ vmId: objectIdSchema });
export type DeleteVmInput = z.infer<typeof deleteVmInputSchema>;

export const deleteVm = defineOperation({
  key: 'VirtualMachine.destroy',
  label: 'Delete virtual machine',
  input: deleteVmInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Inventory.Delete', objectId: vmId }],
  judge: ({ vm, host }) => judgeDelete(vm, host),
});
