// Reset virtual machine: ends the clients' connections as a power cycle does, and starts anew.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeReset } from '../../rules/power.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from './observe-vm.ts';

const resetInputSchema = z.object({ vmId: objectIdSchema });
export type ResetInput = z.infer<typeof resetInputSchema>;

export const resetVm = defineOperation({
  key: 'VirtualMachine.reset',
  label: 'Reset virtual machine',
  input: resetInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Interact.Reset', objectId: vmId }],
  judge: ({ vm, host }) => judgeReset(vm, host),
});
