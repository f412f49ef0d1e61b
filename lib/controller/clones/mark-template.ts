// Mark virtual machine as template, and as a virtual machine again.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeMarkAsTemplate, judgeMarkAsVirtualMachine } from '../../rules/storage/clone.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeVm } from '../vms/observe-vm.ts';

const markInputSchema = z.object({ vmId: objectIdSchema });
export type MarkInput = z.infer<typeof markInputSchema>;

export const markAsTemplate = defineOperation({
  key: 'VirtualMachine.markAsTemplate',
  label: 'Mark virtual machine as template',
  input: markInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: (_, { vmId }) => [
    { privilege: 'VirtualMachine.Provisioning.MarkAsTemplate', objectId: vmId },
  ],
  judge: ({ vm }) => judgeMarkAsTemplate(vm),
});

export const markAsVirtualMachine = defineOperation({
  key: 'VirtualMachine.markAsVirtualMachine',
  label: 'Mark as virtual machine',
  input: markInputSchema,
  cancelable: false,
  observe: observeVm,
  privileges: ({ host }, { vmId }) => [
    { privilege: 'VirtualMachine.Provisioning.MarkAsVM', objectId: vmId },
    { privilege: 'Resource.AssignVMToPool', objectId: host.clusterId ?? host.id },
  ],
  judge: ({ vm, host }) => judgeMarkAsVirtualMachine(vm, host),
});
