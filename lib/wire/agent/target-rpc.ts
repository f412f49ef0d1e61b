// What a replication target answers to whoever manages it: POST /rpc/<name> with a JSON body and a
// bearer token; to who is paired with it, over the encrypted connection of the pairing.
import { z } from 'zod';
import { defineRpc } from './rpc.ts';

const CALL_MS = 10_000;
const none = z.object({});
const sequenceSchema = z.number().int().nonnegative();

const bookmarkSchema = z.object({
  name: z.string(),
  sequence: sequenceSchema,
  timeUs: z.number(),
});

const momentSchema = z.object({
  exportName: z.string(),
  diskId: z.string(),
  sequence: sequenceSchema,
  sizeBytes: z.number(),
});

/** A code for one pairing. */
export const newPairingCode = defineRpc({
  name: 'newPairingCode',
  input: none,
  output: z.object({ code: z.string() }),
  timeoutMs: CALL_MS,
});

/** A disk's copy, and which moments of it can be had. */
export const replicaReportSchema = z.object({
  diskId: z.string(),
  /** Whose it is; empty for nobody's yet. */
  pairing: z.string().default(''),
  sizeBytes: z.number(),
  /** The journal's window, in records; the disk can be had from the first on. */
  windowStart: sequenceSchema,
  durable: sequenceSchema,
  /** Of the oldest record there, in microseconds since the Unix epoch; null without any. */
  oldestUs: z.number().nullable().default(null),
  /** Of the newest record; null without any. */
  newestUs: z.number().nullable(),
  journalBytes: z.number(),
  needsResync: z.boolean(),
  /** A source sends to it now. */
  sending: z.boolean(),
  /** Who sends under a lower one is no longer the primary. */
  era: z.number().int().positive().default(1),
  /** The newest record is the mark of a source that was powered off and had sent all. */
  closed: z.boolean().default(false),
  /** What the journal has lost; empty for nothing. */
  damage: z.string(),
  bookmarks: z.array(bookmarkSchema),
});
export type ReplicaReport = z.infer<typeof replicaReportSchema>;

/** Every disk that is replicated here. */
export const queryReplicas = defineRpc({
  name: 'queryReplicas',
  input: none,
  output: z.object({ replicas: z.array(replicaReportSchema), moments: z.array(momentSchema) }),
  timeoutMs: CALL_MS,
});

/**
 * Serves a disk over NBD as it was at a time, or behind a record, until it is told to stop; read
 * only. `InvalidArgument` with the reason when it cannot be had.
 */
export const serveMoment = defineRpc({
  name: 'serveMoment',
  input: z.object({
    diskId: z.string(),
    at: z.union([z.object({ sequence: sequenceSchema }), z.object({ timeUs: z.number() })]),
  }),
  output: z.object({ moment: momentSchema, nbdPort: z.number().int() }),
  timeoutMs: CALL_MS,
});

/**
 * Nothing more is taken under a lower era, durably; who sends under one is told so. Answers how far
 * the copy goes then. Nothing happens when it is in that era, or a later one.
 */
export const raiseEra = defineRpc({
  name: 'raiseEra',
  input: z.object({ diskId: z.string(), era: z.number().int().positive() }),
  output: z.object({ era: z.number().int(), durable: sequenceSchema }),
  timeoutMs: CALL_MS,
});

/** Nothing happens when it is not served. */
export const stopServingMoment = defineRpc({
  name: 'stopServingMoment',
  input: z.object({ exportName: z.string() }),
  output: none,
  timeoutMs: CALL_MS,
});

/** In a chart. */
const BUCKETS_MAX = 500;

const bucketSchema = z.object({
  /** Where it begins, in microseconds since the Unix epoch. */
  fromUs: z.number(),
  writes: z.number().int(),
  bytes: z.number(),
});

/** How much was written when, over some disks together. */
export const queryWriteRate = defineRpc({
  name: 'queryWriteRate',
  input: z.object({
    diskIds: z.array(z.string()).min(1).max(64),
    fromUs: z.number(),
    toUs: z.number(),
    buckets: z.number().int().min(1).max(BUCKETS_MAX),
  }),
  output: z.object({ buckets: z.array(bucketSchema).max(BUCKETS_MAX) }),
  timeoutMs: CALL_MS,
});

/** Who asks over the connection of a pairing ends that pairing. Copies stay. */
export const endPairing = defineRpc({
  name: 'endPairing',
  input: none,
  output: none,
  timeoutMs: CALL_MS,
});

/**
 * For who runs the target: what one pairing has is another one's from now on, as when a site is
 * lost and another one, newly paired, is to go on with its copies. An empty `from` stands for what
 * is nobody's yet. `NotFound` for the other one.
 */
export const giveCopies = defineRpc({
  name: 'giveCopies',
  input: z.object({ from: z.string(), to: z.string().min(1) }),
  output: none,
  timeoutMs: CALL_MS,
});
