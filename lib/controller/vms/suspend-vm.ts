// Suspend virtual machine: stops the VM's I/O and keeps what its filters remember.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeSuspend } from '../../rules/power.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from './observe-vm.ts';

const suspendInputSchema = z.object({ vmId: objectIdSchema });
export type SuspendInput = z.infer<typeof suspendInputSchema>;

export const suspendVm = defineOperation({
  key: 'VirtualMachine.suspend',
  label: 'Suspend virtual machine',
  input: suspendInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Interact.Suspend', objectId: vmId }],
  judge: ({ vm, host }) => judgeSuspend(vm, host),
});
