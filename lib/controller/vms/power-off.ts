// Power Off virtual machine.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgePowerOff } from '../../rules/power.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from './vm-store.ts';

const powerOffInputSchema = z.object({ vmId: objectIdSchema });
export type PowerOffInput = z.infer<typeof powerOffInputSchema>;

export const powerOff = defineOperation({
  key: 'VirtualMachine.powerOff',
  label: 'Power Off virtual machine',
  input: powerOffInputSchema,
  cancelable: false,
  async observe(tx, { vmId }) {
    const vm = await findVmFacts(tx, vmId);
    return { target: vm, vm, host: await findHostFacts(tx, vm.hostId) };
  },
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Interact.PowerOff', objectId: vmId }],
  judge: ({ vm, host }) => judgePowerOff(vm, host),
});
