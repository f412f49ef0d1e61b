// Creates a virtual machine: its row and disks, and the task that makes its files on the host.
import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import { randomUuid } from '../../base/random.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { DISK_BYTES_MAX, DISKS_PER_VM_MAX, SECTOR_BYTES } from '../../model/limits.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { submit } from '../tasks/submit.ts';
import { createVmFiles } from '../vms/create-vm-files.ts';
import { allocateId } from './allocate-id.ts';

const newDiskSchema = z.object({
  capacityBytes: z.number().int().positive().max(DISK_BYTES_MAX).multipleOf(SECTOR_BYTES),
  /** Another datastore than the VM's own. */
  datastoreId: objectIdSchema.optional(),
  /** An ext4 file system with these files; an empty disk without it. */
  contents: z
    .object({
      label: z.string().max(16),
      files: z.array(z.object({ path: z.string(), text: z.string() })),
    })
    .optional(),
});

const newVmSchema = z.object({
  /** Also the name of its directory. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$/),
  hostId: objectIdSchema,
  datastoreId: objectIdSchema,
  cpuCount: z.number().int().min(1).max(128),
  memoryMib: z.number().int().min(4),
  guestFullName: z.string().max(120),
  disks: z.array(newDiskSchema).min(1).max(DISKS_PER_VM_MAX),
  /** TCP port of its NBD server; 0 lets the host choose. */
  nbdPort: z.number().int().min(0).max(65535).default(0),
  powerOn: z.boolean().default(false),
});
export type NewVm = z.output<typeof newVmSchema>;

/** SCSI id 7 is the controller's own. */
const CONTROLLER_UNIT = 7;
const FIRST_DISK_KEY = 2000;

/**
 * Returns the VM's id. The files come with the task that it starts; a repeated call starts none
 * that ran already.
 */
export async function createVm(
  { db, caller, random }: { db: Database; caller: Caller; random: Random },
  input: z.input<typeof newVmSchema>,
): Promise<string> {
  const spec = parseInput(newVmSchema, input);
  const vmId = await transact(db, (tx) => insertVm(tx, spec, random));
  const task = await db.task.findFirst({
    where: { targetId: vmId, operation: createVmFiles.key, state: { not: 'error' } },
  });
  if (task) return vmId;
  const contents = spec.disks.flatMap((disk, index) =>
    disk.contents
      ? [{ diskKey: FIRST_DISK_KEY + index, fileSystem: 'ext4' as const, ...disk.contents }]
      : [],
  );
  await submit({
    db,
    caller,
    operation: createVmFiles,
    input: { vmId, contents, powerOn: spec.powerOn },
  });
  return vmId;
}

async function insertVm(tx: DatabaseTransaction, spec: NewVm, random: Random): Promise<string> {
  const { disks, powerOn: _, name, ...columns } = spec;
  const found = await tx.vm.findUnique({ where: { name } });
  if (found) return found.id;
  const id = await allocateId(tx, 'vm');
  await tx.vm.create({
    data: {
      id,
      name,
      ...columns,
      instanceUuid: randomUuid(random),
      vmxPath: `${name}/${name}.vmx`,
      desiredPowerState: 'poweredOff',
      disks: {
        create: disks.map((disk, index) => ({
          key: FIRST_DISK_KEY + index,
          label: `Hard disk ${index + 1}`,
          unit: unitOf(index),
          datastoreId: disk.datastoreId ?? spec.datastoreId,
          path: index === 0 ? `${name}/${name}.vmdk` : `${name}/${name}_${index}.vmdk`,
          capacityBytes: BigInt(disk.capacityBytes),
        })),
      },
    },
  });
  await recordChange(tx, { object: id, path: 'created' });
  return id;
}

/** Fifteen disks on a controller, four controllers. */
function unitOf(index: number): string {
  const slot = index % 15;
  return `scsi${Math.trunc(index / 15)}:${slot < CONTROLLER_UNIT ? slot : slot + 1}`;
}
