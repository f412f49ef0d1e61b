// The calls of a host agent that operate on whole disks and on the files of a VM: snapshots, size,
// copies, moves, suspend. They are keyed as those of host-rpc.ts are, and answer with the layout
// that the VM has then.
import { z } from 'zod';
import { DISK_BACKINGS, PROVISIONINGS } from '../../model/disk-storage.ts';
import { diskFilterSchema } from '../../model/filter.ts';
import { objectIdSchema, virtualDiskSchema } from '../../model/inventory.ts';
import { SNAPSHOTS_PER_VM_MAX } from '../../model/limits.ts';
import { done, keyed, vmRunSpecSchema } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

/** A point in time of a VM, as its .vmsd file has it. */
export const snapshotSchema = z.object({
  /** Number within the VM, from 1. */
  id: z.number().int().min(1),
  parentId: z.number().int().min(1).nullable(),
  name: z.string().min(1).max(80),
  description: z.string().max(1024),
  createdAt: z.number(),
  quiesced: z.boolean(),
  /** The frozen descriptor of each disk that the VM had then. */
  disks: z.array(
    z.object({
      key: z.number().int(),
      datastoreId: objectIdSchema,
      path: z.string(),
      capacityBytes: z.number().int().positive(),
      /** What the disk was called, and its filters with their settings; absent in older files. */
      label: z.string().optional(),
      filters: z.array(diskFilterSchema).optional(),
    }),
  ),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** How a new disk, or the copy of one, takes its space. */
export const provisioningSchema = z.enum(PROVISIONINGS);
export type Provisioning = z.infer<typeof provisioningSchema>;

/** What is below the filters of a disk. */
export const diskBackingSchema = z.enum(DISK_BACKINGS);

/** What one disk takes below its filters, all files of its chain of redo logs together. */
export const diskStorageSchema = z.object({
  key: z.number().int(),
  backing: diskBackingSchema,
  provisioning: provisioningSchema,
  usedBytes: z.number(),
  /** Of an object of a vSAN or a vVol, in its own words; empty for a file. */
  health: z.string(),
  /** The object that the disk is, or that its redo logs stand on; null for files. */
  objectId: z.string().max(64).nullable().default(null),
});

/** What an operation has made of a VM: the files that it consists of now. */
export const vmLayoutSchema = z.object({
  datastoreId: objectIdSchema,
  vmxPath: z.string(),
  disks: z.array(virtualDiskSchema).max(64),
  snapshots: z.array(snapshotSchema).max(SNAPSHOTS_PER_VM_MAX),
  /** The snapshot that the running state descends from. */
  currentSnapshotId: z.number().int().nullable(),
  /**
   * Redo logs stand on each other that no snapshot needs, because merging them was broken off. Left
   * out where it was not looked for.
   */
  consolidationNeeded: z.boolean().optional(),
  /** Left out by a host that cannot say. */
  storage: z.array(diskStorageSchema).optional(),
});
export type VmLayout = z.infer<typeof vmLayoutSchema>;

const pauseSchema = z.object({ pauseMs: z.number(), heldIos: z.number().int() });

/** Reads a VM's layout from its files. */
export const readVmLayout = defineRpc({
  name: 'readVmLayout',
  input: z.object({ vm: vmRunSpecSchema }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 20_000,
});

/** All disks at the same moment. Of a VM that is on, no I/O of a client is lost or failed. */
export const createSnapshot = defineRpc({
  name: 'createSnapshot',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    name: z.string().min(1).max(80),
    description: z.string().max(1024),
    quiesce: z.boolean(),
  }),
  output: pauseSchema.extend({ layout: vmLayoutSchema, snapshotId: z.number().int() }),
  timeoutMs: 120_000,
});

/** The VM must be off. What was written since its current snapshot is given up. */
export const revertToSnapshot = defineRpc({
  name: 'revertToSnapshot',
  input: keyed.extend({ vm: vmRunSpecSchema, snapshotId: z.number().int() }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 120_000,
});

/**
 * Deletes a snapshot, with those that descend from it or without, and merges what only it kept
 * apart, while the VM works. Cancelled before it is deleted, all is as it was; after that what was
 * merged stays merged, and the layout says that consolidation is needed.
 */
export const removeSnapshot = defineRpc({
  name: 'removeSnapshot',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    snapshotId: z.number().int(),
    removeChildren: z.boolean(),
  }),
  output: z.object({ layout: vmLayoutSchema, mergedBytes: z.number() }),
  timeoutMs: 3_600_000,
});

/** Merges redo logs that no snapshot needs; cancelled, the rest of them waits for the next time. */
export const consolidateDisks = defineRpc({
  name: 'consolidateDisks',
  input: keyed.extend({ vm: vmRunSpecSchema }),
  output: z.object({ layout: vmLayoutSchema, mergedBytes: z.number() }),
  timeoutMs: 3_600_000,
});

/** Writes the name and the description alone. */
export const renameSnapshot = defineRpc({
  name: 'renameSnapshot',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    snapshotId: z.number().int(),
    name: z.string().min(1).max(80),
    description: z.string().max(1024),
  }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 30_000,
});

/** Writes the name that the spec has into the .vmx; files keep theirs. */
export const renameVm = defineRpc({
  name: 'renameVm',
  input: keyed.extend({ vm: vmRunSpecSchema }),
  output: done,
  timeoutMs: 30_000,
});

/** A disk can only become larger, and not while it has snapshots. */
export const growDisk = defineRpc({
  name: 'growDisk',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    diskKey: z.number().int(),
    capacityBytes: z.number().int().positive(),
  }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 120_000,
});

/** Adds a disk, new or existing, also while the VM is on. */
export const attachDisk = defineRpc({
  name: 'attachDisk',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    disk: virtualDiskSchema,
    /** Null for an existing descriptor; `device` makes a mapping to a raw device or NBD server. */
    create: z
      .union([
        z.object({ provisioning: provisioningSchema }),
        z.object({ device: z.string().min(1).max(4096) }),
      ])
      .nullable(),
  }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 600_000,
});

/** Removes a disk, also while the VM is on; its files stay unless told otherwise. */
export const detachDisk = defineRpc({
  name: 'detachDisk',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    diskKey: z.number().int(),
    deleteFiles: z.boolean(),
  }),
  output: z.object({ layout: vmLayoutSchema }),
  timeoutMs: 120_000,
});

/**
 * Copies a VM that is off, or a snapshot of one that is on. A linked clone needs a snapshot, on
 * which it builds.
 */
export const cloneVm = defineRpc({
  name: 'cloneVm',
  input: keyed.extend({
    source: vmRunSpecSchema,
    snapshotId: z.number().int().nullable(),
    target: vmRunSpecSchema,
    linked: z.boolean(),
    provisioning: provisioningSchema,
  }),
  output: z.object({ layout: vmLayoutSchema, copiedBytes: z.number() }),
  timeoutMs: 3_600_000,
});

/** Moves disks, and the home when it is named, to other datastores while the VM works. */
export const relocateVm = defineRpc({
  name: 'relocateVm',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    home: z.object({ datastoreId: objectIdSchema, vmxPath: z.string() }).nullable(),
    disks: z.array(
      z.object({
        key: z.number().int(),
        datastoreId: objectIdSchema,
        path: z.string(),
        provisioning: provisioningSchema,
      }),
    ),
  }),
  output: pauseSchema.extend({ layout: vmLayoutSchema, copiedBytes: z.number() }),
  timeoutMs: 3_600_000,
});

/** Stops the VM's I/O and keeps what its filters remember; `powerOnVm` resumes. */
export const suspendVm = defineRpc({
  name: 'suspendVm',
  input: keyed.extend({ vmId: objectIdSchema }),
  output: done,
  timeoutMs: 60_000,
});

/** Ends the clients' connections as a power cycle would, and starts anew. */
export const resetVm = defineRpc({
  name: 'resetVm',
  input: keyed.extend({ vmId: objectIdSchema }),
  output: done,
  timeoutMs: 60_000,
});

/** Deletes the files of a VM that is off and known nowhere any more. */
export const destroyVm = defineRpc({
  name: 'destroyVm',
  input: keyed.extend({ vm: vmRunSpecSchema }),
  output: done,
  timeoutMs: 120_000,
});

/**
 * Asks a long operation to stop; it ends with `RequestCanceled` and leaves all as it was, unless it
 * says otherwise above.
 */
export const cancelOperation = defineRpc({
  name: 'cancelOperation',
  input: keyed,
  output: done,
  timeoutMs: 10_000,
});
