// Recover virtual machine: a new one from the copies of another's disks at a moment, for good or
// for a test of a failover.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeRecovery, type RecoveryFacts } from '../../rules/replication/recovery.ts';
import { sizeOf } from '../../rules/storage/relocation.ts';
import { recoverVmSchema } from '../../wire/api/replication.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVm, findVmFacts, type VmRow } from '../vms/vm-store.ts';
import { commonWindow, type DiskCopy, readCopies } from './read-vm-replication.ts';

const recoverInputSchema = recoverVmSchema.extend({
  /** Of the VM that is made; it is in the inventory when the task has begun. */
  vmId: objectIdSchema,
  sourceId: objectIdSchema,
});
export type RecoverInput = z.infer<typeof recoverInputSchema>;

export interface ObservedRecovery {
  target: { id: string; name: string };
  source: VmRow;
  copies: DiskCopy[];
  facts: RecoveryFacts;
}

export const TEST_FAILOVER = {
  key: 'ReplicationManager.testFailover',
  label: 'Test failover',
} as const;

export const recoverVm = defineOperation<RecoverInput, ObservedRecovery>({
  key: 'ReplicationManager.recoverVm',
  label: 'Recover virtual machine',
  input: recoverInputSchema,
  cancelable: true,
  observe: observeRecovery,
  privileges: ({ source, facts: { destination, datastore } }) => [
    { privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: source.id },
    { privilege: 'VirtualMachine.Inventory.CreateFromExisting', objectId: destination.id },
    { privilege: 'Resource.AssignVMToPool', objectId: destination.clusterId ?? destination.id },
    { privilege: 'Datastore.AllocateSpace', objectId: datastore.id },
  ],
  judge: ({ facts }) => judgeRecovery(facts),
});

/** The id of the VM that is to be made. */
export function newVmId(db: Database): Promise<string> {
  return db.$transaction((tx) => allocateId(tx, 'vm'));
}

async function observeRecovery(
  tx: DatabaseTransaction,
  input: RecoverInput,
): Promise<ObservedRecovery> {
  const source = await findVm(tx, input.sourceId);
  const { disks } = await findVmFacts(tx, source.id);
  const copies = await readCopies(tx, source);
  const copied = new Set(copies.map(({ disk }) => disk.key));
  const views = copies.map(({ view }) => view);
  const isTest = input.kind === 'test';
  const facts = {
    source,
    copies: views,
    left: disks.filter(({ key }) => !copied.has(key)).map(({ label }) => label),
    ...commonWindow(views),
    ...{ at: input.at, name: input.name, nameTaken: await isTaken(tx, input) },
    destination: await findHostFacts(tx, input.hostId),
    datastore: await requireDatastore(tx, input.datastoreId),
    neededBytes: disks
      .filter(({ key }) => copied.has(key) && !isTest)
      .reduce((sum, disk) => sum + sizeOf(disk, 'thin'), 0),
  };
  return { target: { id: input.vmId, name: input.name }, source, copies, facts };
}

/** By another VM, or by one that is being recovered. */
async function isTaken(tx: DatabaseTransaction, { vmId, name }: RecoverInput): Promise<boolean> {
  const vm = await tx.vm.findUnique({ where: { name }, select: { id: true } });
  if (vm !== null) return vm.id !== vmId;
  const making = await tx.task.findFirst({
    where: {
      operation: { in: [recoverVm.key, TEST_FAILOVER.key, 'VirtualMachine.clone'] },
      targetId: { not: vmId },
      state: { in: ['queued', 'running'] },
      input: { path: ['name'], equals: name },
    },
    select: { id: true },
  });
  return making !== null;
}
