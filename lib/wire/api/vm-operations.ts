// What is done to whole virtual machines and their disks: snapshots, disks, clones, storage
// migration, templates. Inputs of the calls, and the views that come with them.
import { z } from 'zod';
import { DISK_BYTES_MAX, DISKS_PER_VM_MAX } from '../../model/limits.ts';
import { verdictSchema } from '../../model/task.ts';
import { provisioningSchema } from '../agent/disk-rpc.ts';

const named = z.object({ id: z.string(), name: z.string() });
const objectName = z.string().trim().min(1).max(80);

/** A name of a VM is also the name of its folder. */
export const vmNameSchema = objectName.regex(
  /^(?!\.)[^/\\%\p{Cc}]+$/u,
  'A name has no slash, backslash, percent sign or control character, and no dot in front',
);

/** POST /vms/{id}/snapshots. */
export const createSnapshotSchema = z.object({
  name: objectName,
  description: z.string().max(1024).default(''),
  /** Asks the filters, and the guest, to make what is on disk consistent first. */
  quiesce: z.boolean().default(false),
});

/** PATCH /vms/{id}/snapshots/{snapshotId}. */
export const renameSnapshotSchema = z.object({
  name: objectName,
  description: z.string().max(1024),
});

/** DELETE /vms/{id}/snapshots/{snapshotId}: with those that descend from it, or without. */
export const removeSnapshotQuerySchema = z.object({
  children: z.enum(['keep', 'remove']).default('keep'),
});

export const snapshotViewSchema = z.object({
  id: z.number().int(),
  /** Null for the root of the tree. */
  parentId: z.number().int().nullable(),
  name: z.string(),
  description: z.string(),
  createdAt: z.string(),
  quiesced: z.boolean(),
  /** The running state descends from it. */
  current: z.boolean(),
  disks: z.array(
    z.object({
      key: z.number().int(),
      datastoreId: z.string(),
      path: z.string(),
      capacityBytes: z.number(),
    }),
  ),
  /** Linked clones that build on it. */
  linkedClones: z.array(named),
  /** revert, rename, remove, removeWithChildren, createLinkedClone. */
  actions: z.record(z.string(), verdictSchema),
});
export type SnapshotView = z.infer<typeof snapshotViewSchema>;

const capacity = z
  .number()
  .int()
  .min(1024 * 1024)
  .max(DISK_BYTES_MAX)
  .multipleOf(512);

/** POST /vms/{id}/disks. A datastore that is left out is that of the VM's home. */
export const addDiskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('new'),
    capacityBytes: capacity,
    provisioning: provisioningSchema.default('thin'),
    datastoreId: z.string().optional(),
  }),
  z.object({
    kind: z.literal('existing'),
    datastoreId: z.string(),
    /** Of the descriptor inside the datastore: `web01/web01_1.vmdk`. */
    path: z
      .string()
      .max(1024)
      .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+\.vmdk$/, 'A path inside the datastore'),
  }),
  z.object({
    kind: z.literal('rawDevice'),
    /** A block device of the host, or an NBD server: nbd://address:port/export. */
    device: z.string().min(1).max(4096),
    /** A raw device mapping in physical mode would go past the filters, and is refused. */
    compatibilityMode: z.enum(['virtualMode', 'physicalMode']).default('virtualMode'),
    /** Where the mapping file is put. */
    datastoreId: z.string().optional(),
  }),
]);
export type AddDiskInput = z.infer<typeof addDiskSchema>;

/** PATCH /vms/{id}/disks/{key}. */
export const growDiskSchema = z.object({ capacityBytes: capacity });

/** DELETE /vms/{id}/disks/{key}. */
export const removeDiskQuerySchema = z.object({
  files: z.enum(['keep', 'delete']).default('keep'),
});

/** POST /vms/{id}/clone, and POST /vms/{id}/clone/check for the verdict alone. */
export const cloneVmSchema = z.object({
  name: vmNameSchema,
  hostId: z.string(),
  datastoreId: z.string(),
  /** Of the source; null copies the present state. A linked clone needs one. */
  snapshotId: z.number().int().nullable().default(null),
  linked: z.boolean().default(false),
  /** Left out: as each disk of the source has it. */
  provisioning: provisioningSchema.optional(),
  /** The clone is a template. */
  template: z.boolean().default(false),
  powerOn: z.boolean().default(false),
});

/** POST /vms/{id}/template: marks as a template, or as a virtual machine again. */
export const markTemplateSchema = z.object({ template: z.boolean() });

/** POST /vms/{id}/relocate, and POST /vms/{id}/relocate/check for the verdict alone. */
export const relocateVmSchema = z.object({
  /** Where the VM shall run after; left out: where it runs now. */
  hostId: z.string().optional(),
  /** For the home and for every disk that `disks` does not name; left out: they stay. */
  datastoreId: z.string().optional(),
  disks: z
    .array(
      z.object({
        key: z.number().int(),
        datastoreId: z.string(),
        /** Left out: as it is. */
        provisioning: provisioningSchema.optional(),
      }),
    )
    .max(DISKS_PER_VM_MAX)
    .default([]),
});

/** GET /vms/{id}/storage-targets: every datastore with the verdict on moving the VM there. */
export const storageTargetsSchema = z.object({
  targets: z.array(
    z.object({
      datastore: named,
      type: z.string(),
      capacityBytes: z.number(),
      freeBytes: z.number(),
      /** The home and all disks are there. */
      current: z.boolean(),
      verdict: verdictSchema,
    }),
  ),
});
export type StorageTarget = z.infer<typeof storageTargetsSchema>['targets'][number];
