// Consolidate: merges the redo logs that were left when the removal of a snapshot was cancelled.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeConsolidate } from '../../rules/storage/snapshots.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from '../vms/observe-vm.ts';

const inputSchema = z.object({ vmId: objectIdSchema });
export type ConsolidateInput = z.infer<typeof inputSchema>;

export const consolidateDisks = defineOperation({
  key: 'VirtualMachine.consolidateDisks',
  label: 'Consolidate virtual machine disk files',
  input: inputSchema,
  cancelable: true,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.State.RemoveSnapshot', objectId: vmId },
  ],
  judge: ({ vm, host }) => judgeConsolidate(vm, host),
});
