// What a world can be asked to do with its disks as a whole, one at a time. The host agent chooses
// names and writes the plan; the world makes the files, stands the I/O still, commits and changes
// over.
import { z } from 'zod';
import { transferSchema } from '#lib/model/transfer.ts';
import { provisioningSchema } from '#lib/wire/agent/disk-rpc.ts';
import { commitSchema } from '../../datastore/commit-files.ts';
import { launchDiskSchema } from '../launch.ts';

const pathSchema = z.string().startsWith('/').max(4096);
const keySchema = z.number().int();

/** A new, empty redo log on top of each disk, all at the same moment. */
const snapshotSchema = z.object({
  kind: z.literal('snapshot'),
  quiesced: z.boolean(),
  disks: z.array(z.object({ key: keySchema, descriptorPath: pathSchema })),
});

/** Takes snapshots out of the list; the files stay as they are. */
const forgetSnapshotsSchema = z.object({ kind: z.literal('forgetSnapshots') });

/** Puts what `childPath` holds into the disk below it, which then takes its place. */
const mergeSchema = z.object({
  kind: z.literal('merge'),
  /** The disk in whose tree they are. */
  key: keySchema,
  parentPath: pathSchema,
  childPath: pathSchema,
  /** The disk runs on the child. */
  running: z.boolean(),
  /** What builds on the child, and builds on its parent afterwards. */
  grandchildren: z.array(pathSchema),
});

/** Gives up what was written to each disk, for an empty redo log on a frozen one. */
const revertSchema = z.object({
  kind: z.literal('revert'),
  disks: z.array(z.object({ key: keySchema, parentPath: pathSchema, descriptorPath: pathSchema })),
  /** Disks that the VM did not have then. */
  removed: z.array(keySchema),
});

const growSchema = z.object({
  kind: z.literal('grow'),
  key: keySchema,
  capacityBytes: z.number().int().positive(),
});

const attachSchema = z.object({ kind: z.literal('attach'), disk: launchDiskSchema });

const detachSchema = z.object({ kind: z.literal('detach'), key: keySchema });

const copyPlaceSchema = z.object({
  key: keySchema,
  /** A frozen disk, or one whose I/O stands still while the VM is off. */
  sourcePath: pathSchema,
  targetPath: pathSchema,
  provisioning: provisioningSchema,
});

/** Copies of disks, or empty redo logs on them. */
const cloneSchema = z.object({
  kind: z.literal('clone'),
  disks: z.array(copyPlaceSchema),
  linked: z.boolean(),
});

/** Moves disks with all that they build on, while they work. */
const relocateSchema = z.object({
  kind: z.literal('relocate'),
  disks: z.array(
    z.object({
      key: keySchema,
      /** What the disk and its snapshots consist of, parents first. */
      layers: z.array(
        z.object({
          sourcePath: pathSchema,
          targetPath: pathSchema,
          /** What the copy builds on; null for a layer that holds all of the disk. */
          parentPath: pathSchema.nullable(),
          provisioning: provisioningSchema,
        }),
      ),
    }),
  ),
});

/** Keeps the filters' states and gives the disks free; the world then ends. */
const suspendSchema = z.object({ kind: z.literal('suspend'), statePath: pathSchema });

const resetSchema = z.object({ kind: z.literal('reset') });

const operationSchema = z.discriminatedUnion('kind', [
  snapshotSchema,
  forgetSnapshotsSchema,
  mergeSchema,
  revertSchema,
  growSchema,
  attachSchema,
  detachSchema,
  cloneSchema,
  relocateSchema,
  suspendSchema,
  resetSchema,
]);
export type Operation = z.infer<typeof operationSchema>;
export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

export const operateParamsSchema = z.object({
  /** Names this operation: asked again, it is joined or answered again. */
  mark: z.string().min(1).max(200),
  operation: operationSchema,
  /** What makes it durable; null for what changes no file of the VM. */
  commit: commitSchema.nullable(),
});
export type OperateParams = z.infer<typeof operateParamsSchema>;

export const operationResultSchema = z.object({
  pauseMs: z.number(),
  heldIos: z.number().int(),
  copiedBytes: z.number(),
});
export type OperationResult = z.infer<typeof operationResultSchema>;

/** How far the operation is that is under way. */
export const operationProgressSchema = z.object({
  mark: z.string(),
  step: z.string(),
  /** 0 to 100. */
  progress: z.number(),
  /** Of the copy under way; null when nothing is copied. */
  transfer: transferSchema.nullable().default(null),
});
export type OperationProgress = z.infer<typeof operationProgressSchema>;
