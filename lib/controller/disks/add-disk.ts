// Reconfigure virtual machine: adds a disk, also while the VM is on: a new one, one whose files
// exist, or a mapping to a raw device.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import type { DatastoreFacts } from '../../rules/facts.ts';
import { judgeAddDisk } from '../../rules/storage/disks.ts';
import { type AddDiskInput, addDiskSchema } from '../../wire/api/vm-operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readDatastoreFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { type ObservedVm, observeVm } from '../vms/observe-vm.ts';
import { freeUnits } from './disk-units.ts';

const attachInputSchema = z.object({
  /** Tells it from the other changes of a configuration. */
  change: z.literal('addDisk'),
  vmId: objectIdSchema,
  disk: addDiskSchema,
});
export type AttachInput = z.infer<typeof attachInputSchema>;

interface ObservedAttach extends ObservedVm {
  datastore: DatastoreFacts;
  usedBy: { id: string; name: string } | null;
}

const PRIVILEGES: Record<AddDiskInput['kind'], Privilege> = {
  new: 'VirtualMachine.Config.AddNewDisk',
  existing: 'VirtualMachine.Config.AddExistingDisk',
  rawDevice: 'VirtualMachine.Config.RawDevice',
};

export const addDisk = defineOperation<AttachInput, ObservedAttach>({
  key: 'VirtualMachine.reconfigure',
  label: 'Reconfigure virtual machine',
  input: attachInputSchema,
  cancelable: false,
  async observe(tx, { vmId, disk }) {
    const observed = await observeVm(tx, { vmId });
    const datastore = await requireDatastore(tx, disk.datastoreId ?? observed.vm.datastoreId);
    const usedBy = disk.kind === 'existing' ? await findUser(tx, datastore.id, disk.path) : null;
    return { ...observed, datastore, usedBy };
  },
  privileges: ({ vm, datastore }, { disk }) => [
    { privilege: PRIVILEGES[disk.kind], objectId: vm.id },
    ...(disk.kind === 'existing'
      ? []
      : [{ privilege: 'Datastore.AllocateSpace' as const, objectId: datastore.id }]),
  ],
  judge: ({ vm, host, datastore, usedBy }, { disk }) =>
    judgeAddDisk({
      ...{ vm, host, datastore, usedBy, kind: disk.kind },
      neededBytes: disk.kind === 'new' && disk.provisioning !== 'thin' ? disk.capacityBytes : 0,
      physicalMode: disk.kind === 'rawDevice' && disk.compatibilityMode === 'physicalMode',
      freeUnits: freeUnits(vm).length,
    }),
});

/** `NotFound` when there is no such datastore. */
export async function requireDatastore(
  tx: DatabaseTransaction,
  id: string,
): Promise<DatastoreFacts> {
  const [datastore] = await readDatastoreFacts(tx, { id });
  if (!datastore) throw new Fault('NotFound', `There is no datastore ${id}.`);
  return datastore;
}

/** The VM that has the descriptor as a disk, or as the frozen disk of one of its snapshots. */
async function findUser(tx: DatabaseTransaction, datastoreId: string, path: string) {
  const frozen = JSON.stringify([{ datastoreId, path }]);
  const rows = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT "id", "name" FROM "Vm" v
    WHERE EXISTS (
        SELECT 1 FROM "Disk" d WHERE d."vmId" = v."id"
        AND d."datastoreId" = ${datastoreId} AND d."path" = ${path})
      OR EXISTS (
        SELECT 1 FROM "Snapshot" s WHERE s."vmId" = v."id" AND s."disks" @> ${frozen}::jsonb)
    LIMIT 1`;
  return rows[0] ?? null;
}
