// Import virtual machine: what was uploaded becomes a VM on a host. Its target is the upload, so
// that one is imported once at a time, and a host can take several.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { judgeImport } from '../../rules/storage/import.ts';
import { imageSourceSchema } from '../../wire/agent/import-rpc.ts';
import { foundDiskSchema, importVmSchema } from '../../wire/api/imports.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { Depot } from '../depot/depot.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import type { Caller } from '../permissions/caller.ts';
import { defineOperation } from '../tasks/operation.ts';
import { submit } from '../tasks/submit.ts';
import { readImport, type StagedImport, writeImport } from './import-store.ts';

/** What the web process found stands in the task, so that the controller needs no depot. */
const importInputSchema = importVmSchema.extend({
  importId: z.string(),
  guestFullName: z.string(),
  cpuCount: z.number().int().min(1),
  memoryMib: z.number().int().min(1),
  disks: z.array(
    foundDiskSchema
      .pick({ label: true, format: true, capacityBytes: true, sizeBytes: true })
      .extend({
        /** Null for a disk that begins empty. */
        sha256: imageSourceSchema.shape.sha256.nullable(),
      }),
  ),
});
export type ImportInput = z.infer<typeof importInputSchema>;

export const importVm = defineOperation({
  key: 'ResourcePool.ImportVAppLRO',
  label: 'Import virtual machine',
  input: importInputSchema,
  cancelable: true,
  async observe(tx, { importId, name, hostId, datastoreId }) {
    const destination = await findHostFacts(tx, hostId);
    const datastore = await requireDatastore(tx, datastoreId);
    const nameTaken = await isTaken(tx, importId, name);
    return { target: { id: importId, name }, destination, datastore, nameTaken };
  },
  privileges: ({ destination, datastore }) => [
    { privilege: 'VApp.Import', objectId: destination.clusterId ?? destination.id },
    { privilege: 'VirtualMachine.Inventory.Create', objectId: destination.id },
    { privilege: 'Resource.AssignVMToPool', objectId: destination.clusterId ?? destination.id },
    { privilege: 'Datastore.AllocateSpace', objectId: datastore.id },
  ],
  judge: ({ target: _, ...facts }, { name, memoryMib, powerOn, disks }) =>
    judgeImport({
      ...{ ...facts, name, memoryMib, powerOn, disks },
      // The image lies beside the disk while it is converted.
      neededBytes: disks.reduce(
        (sum, { format, sizeBytes }) => sum + sizeBytes * (format === 'raw' ? 1 : 2),
        0,
      ),
    }),
});

/** Of an upload of the caller's. `InvalidState` while files are missing. */
export async function importInput(
  { depot, caller }: { depot: Depot; caller: Caller },
  importId: string,
  body: z.output<typeof importVmSchema>,
): Promise<ImportInput> {
  const staged = await readImport(depot, importId, caller.name);
  const { guestFullName, cpuCount, memoryMib, missing } = staged;
  if (staged.taskId !== null) {
    // It goes when its task ends, and would go under a second one.
    throw new Fault('InvalidState', 'These files were imported already. Upload them once more.');
  }
  if (missing.length > 0) {
    throw new Fault('InvalidState', `Files must still be uploaded: ${missing.join(', ')}.`);
  }
  const disks = staged.disks.map(({ label, format, capacityBytes, sizeBytes, part }) => ({
    ...{ label, format, capacityBytes, sizeBytes, sha256: part?.sha256 ?? null },
  }));
  return { ...body, importId, guestFullName, cpuCount, memoryMib, disks };
}

/** Returns the task's id; the upload is removed when that has ended. */
export async function submitImport(
  { db, depot, caller }: { db: Database; depot: Depot; caller: Caller },
  input: ImportInput,
): Promise<string> {
  const taskId = await submit({ db, caller, operation: importVm, input });
  const staged: StagedImport = await readImport(depot, input.importId, caller.name);
  await writeImport(depot, { ...staged, taskId });
  return taskId;
}

async function isTaken(tx: DatabaseTransaction, importId: string, name: string): Promise<boolean> {
  if (await tx.vm.findUnique({ where: { name }, select: { id: true } })) return true;
  const making = await tx.task.findFirst({
    where: {
      operation: { in: ['VirtualMachine.clone', 'ResourcePool.ImportVAppLRO'] },
      targetId: { not: importId },
      state: { in: ['queued', 'running'] },
      input: { path: ['name'], equals: name },
    },
    select: { id: true },
  });
  return making !== null;
}
