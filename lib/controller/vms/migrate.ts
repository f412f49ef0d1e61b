// Migrate virtual machine: live when it is on, by registration when it is off.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeMigration } from '../../rules/placement.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from './vm-store.ts';

const migrateInputSchema = z.object({
  vmId: objectIdSchema,
  /** Where to. */
  hostId: objectIdSchema,
});
export type MigrateInput = z.infer<typeof migrateInputSchema>;

/** How a move that DRS makes, or that an admin asked DRS for, shows in the tasks. */
export const DRS_MIGRATION = { key: 'Drm.ExecuteVMotionLRO', label: 'Migrate virtual machine' };

export const migrate = defineOperation({
  key: 'VirtualMachine.migrate',
  label: 'Migrate virtual machine',
  input: migrateInputSchema,
  cancelable: false,
  async observe(tx, { vmId, hostId }) {
    const vm = await findVmFacts(tx, vmId);
    const source = await findHostFacts(tx, vm.hostId);
    const destination = await findHostFacts(tx, hostId);
    return { target: vm, vm, source, destination };
  },
  privileges: ({ vm, destination }) => [
    {
      privilege: vm.powerState === 'poweredOn' ? 'Resource.HotMigrate' : 'Resource.ColdMigrate',
      objectId: vm.id,
    },
    { privilege: 'Resource.AssignVMToPool', objectId: destination.clusterId ?? destination.id },
  ],
  judge: ({ vm, source, destination }) => judgeMigration(vm, source, destination),
});
