// Replication targets, the state of a virtual machine's copies there, recovery from them, and
// failover.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { verdictSchema } from '../../model/task.ts';

const replicationTargetNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, 'letters, digits, spaces, points, dashes');

/** Pairs with a target by the code that it shows once. */
export const pairTargetSchema = z.object({
  name: replicationTargetNameSchema,
  address: z
    .string()
    .trim()
    .max(253)
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'a host name or an IP address'),
  port: z.number().int().min(1).max(65_535),
  code: z.string().trim().min(8).max(64),
});

export const renameTargetSchema = z.object({ name: replicationTargetNameSchema });

export const targetCheckSchema = z.object({
  ok: z.boolean(),
  /** A sentence. */
  message: z.string(),
});

const diskOfVmSchema = z.object({
  vmId: z.string(),
  vmName: z.string(),
  diskKey: z.number().int(),
  diskLabel: z.string(),
});

export const replicationTargetViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  port: z.number().int(),
  createdAt: z.string(),
  createdBy: z.string(),
  /** When it was last asked; null until then. */
  checkedAt: z.string().nullable(),
  /** What it failed with then; empty when it answered. */
  trouble: z.string(),
  /** Disks that send to it. */
  disks: z.array(diskOfVmSchema),
  copies: z.number().int(),
  /** Of all copies, without their journals. */
  copyBytes: z.number(),
  journalBytes: z.number(),
  /** rename, check, remove. */
  actions: z.record(z.string(), verdictSchema),
});
export type ReplicationTargetView = z.infer<typeof replicationTargetViewSchema>;

const REPLICATION_STATES = [
  'unknown',
  'initialSync',
  'inSync',
  'resync',
  'targetAway',
  'degraded',
  'replaced',
  'off',
] as const;
export type ReplicationState = (typeof REPLICATION_STATES)[number];

const replicatedDiskSchema = z.object({
  diskKey: z.number().int(),
  label: z.string(),
  capacityBytes: z.number(),
  targetId: z.string().nullable(),
  targetName: z.string(),
  /** What the target failed with when it was last asked; empty when it answered. */
  targetTrouble: z.string(),
  /** `off`: nothing is sent, because the virtual machine is; `replaced`: it may not write. */
  state: z.enum(REPLICATION_STATES),
  mode: z.string(),
  /** What the policy wants, in seconds; 0 for nothing. */
  rpoSeconds: z.number(),
  /** Measured at the source; null without a measurement. */
  lagBytes: z.number().nullable(),
  lagMilliseconds: z.number().nullable(),
  remainingBytes: z.number().nullable(),
  /** The span of moments that can be had; null when there is none. */
  windowFrom: z.string().nullable(),
  windowTo: z.string().nullable(),
  journalBytes: z.number(),
  /** What the journal has lost; empty for nothing. */
  damage: z.string(),
  /** Why the copy cannot be recovered as it is; empty when it can. */
  unusable: z.string(),
});
export type ReplicatedDisk = z.infer<typeof replicatedDiskSchema>;

const bookmarkSchema = z.object({
  name: z.string(),
  at: z.string(),
  createdBy: z.string(),
  /** The moment can be had. */
  available: z.boolean(),
});

/** What a failover left behind, as far as anybody knows it. */
export const lossSchema = z.object({
  /** Nothing: the source was powered off, and its target had everything. */
  isNone: z.boolean(),
  /** How far the source was ahead of its target, when it was measured last; nulls: never. */
  lagBytes: z.number().nullable(),
  lagMilliseconds: z.number().nullable(),
  lagMeasuredAt: z.string().nullable(),
  /** What the target has beyond the moment that was recovered. */
  journalBytes: z.number(),
  journalMilliseconds: z.number(),
});
export type Loss = z.infer<typeof lossSchema>;

const recoverySchema = z.object({
  vmId: z.string(),
  vmName: z.string(),
  /** recover, test, failover, move. */
  kind: z.string(),
  /** The moment that it has; of one that is not ready the moment that was asked for. */
  momentAt: z.string().nullable(),
  /** waiting, preparing, serving, copying, completed, ended, failed. */
  state: z.string(),
  /** FailoverState of lib/rules/replication/failover.ts; null when it is none. */
  failover: z.string().nullable(),
  loss: lossSchema.nullable(),
  /** Why it has failed; empty when it has not. */
  trouble: z.string(),
  targetName: z.string(),
  createdBy: z.string(),
  startedAt: z.string(),
  readyAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Who has committed or undone it, and when. */
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
});
export type RecoveryView = z.infer<typeof recoverySchema>;

export const vmReplicationViewSchema = z.object({
  disks: z.array(replicatedDiskSchema),
  /** Over all its disks: moments that each of them can be had at. */
  windowFrom: z.string().nullable(),
  windowTo: z.string().nullable(),
  bookmarks: z.array(bookmarkSchema),
  /** Made of this VM's copies, newest first. */
  recoveries: z.array(recoverySchema),
  /** When this VM is one that was made of another's copies. */
  recoveredFrom: recoverySchema.extend({ sourceId: z.string(), sourceName: z.string() }).nullable(),
  /** What stands in for this VM since a failover. */
  replacedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** What a failover now would leave behind, as far as it can be measured; null: no copy. */
  lossNow: lossSchema.nullable(),
  /** recover, bookmark, endTest, failover, move, undo, commit. */
  actions: z.record(z.string(), verdictSchema),
});
export type VmReplicationView = z.infer<typeof vmReplicationViewSchema>;

/** How much was written when; over the whole journal when a time is left out. */
export const timelineQuerySchema = z.object({
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  buckets: z.coerce.number().int().min(1).max(500).default(120),
});

export const timelineViewSchema = z.object({
  buckets: z.array(z.object({ at: z.string(), writes: z.number(), bytes: z.number() })),
});

export const addBookmarkSchema = z.object({
  name: z.string().trim().min(1).max(80),
  /** Now, when it is left out. */
  at: z.iso.datetime().nullable().default(null),
});

export const recoverVmSchema = z.object({
  kind: z.enum(['recover', 'test']),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$/),
  hostId: objectIdSchema,
  datastoreId: objectIdSchema,
  /** The newest moment, when it is null. */
  at: z.iso.datetime().nullable(),
});

/** `move`: the source is powered off first and nothing is lost; it has no other moment. */
export const failOverVmSchema = recoverVmSchema.extend({ kind: z.enum(['failover', 'move']) });

export const undoFailoverSchema = z.object({
  /** Power on the VM that had been replaced. */
  powerOn: z.boolean().default(false),
});

export const commitFailoverSchema = z.object({
  /** Else the VM that was replaced stays, powered off. */
  deleteSource: z.boolean(),
  /**
   * The recovered VM gets the storage policies of the source's disks, and is replicated to this
   * target from then on; null: it is not protected by this.
   */
  protectTargetId: objectIdSchema.nullable().default(null),
});
