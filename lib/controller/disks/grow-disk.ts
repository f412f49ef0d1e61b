// Reconfigure virtual machine: makes a disk larger.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import type { DatastoreFacts, DiskFacts, VmFacts } from '../../rules/facts.ts';
import { judgeGrowDisk } from '../../rules/storage/disks.ts';
import { growDiskSchema } from '../../wire/api/vm-operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readDatastoreFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';

const growInputSchema = growDiskSchema.extend({
  /** Tells it from the other changes of a configuration. */
  change: z.literal('growDisk'),
  vmId: objectIdSchema,
  diskKey: z.number().int(),
});
export type GrowDiskInput = z.infer<typeof growInputSchema>;

interface ObservedGrow extends ObservedVm {
  disk: DiskFacts;
  datastore: DatastoreFacts | null;
}

export const growDisk = defineOperation<GrowDiskInput, ObservedGrow>({
  key: 'VirtualMachine.reconfigure',
  label: 'Reconfigure virtual machine',
  input: growInputSchema,
  cancelable: false,
  async observe(tx, { vmId, diskKey }) {
    const observed = await observeVm(tx, { vmId });
    const disk = requireDisk(observed.vm, diskKey);
    return { ...observed, disk, datastore: await findDatastore(tx, disk.datastoreId) };
  },
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Config.DiskExtend', objectId: vmId }],
  judge: ({ vm, host, ...facts }, { capacityBytes }) =>
    judgeGrowDisk(vm, host, { ...facts, capacityBytes }),
});

/** `NotFound` when the VM has no such disk. */
export function requireDisk(vm: VmFacts, diskKey: number): DiskFacts {
  const disk = vm.disks.find(({ key }) => key === diskKey);
  if (!disk) throw new Fault('NotFound', `${vm.name} has no disk ${diskKey}.`);
  return disk;
}

async function findDatastore(tx: DatabaseTransaction, id: string): Promise<DatastoreFacts | null> {
  return (await readDatastoreFacts(tx, { id }))[0] ?? null;
}
