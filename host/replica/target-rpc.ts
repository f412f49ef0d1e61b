// What a replication target answers to whoever manages it: POST /rpc/<name> with a JSON body and a
// bearer token.
import { z } from 'zod';
import { defineRpc } from '#lib/wire/agent/rpc.ts';

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

/** Every disk that is replicated here. */
export const queryReplicas = defineRpc({
  name: 'queryReplicas',
  input: none,
  output: z.object({
    replicas: z.array(
      z.object({
        diskId: z.string(),
        sizeBytes: z.number(),
        /** The journal's window, in records; the disk can be had from the first on. */
        windowStart: sequenceSchema,
        durable: sequenceSchema,
        /** Of the newest record, in microseconds since the Unix epoch; null without any. */
        newestUs: z.number().nullable(),
        journalBytes: z.number(),
        needsResync: z.boolean(),
        /** A source sends to it now. */
        sending: z.boolean(),
        /** What the journal has lost; empty for nothing. */
        damage: z.string(),
        bookmarks: z.array(bookmarkSchema),
      }),
    ),
    moments: z.array(momentSchema),
  }),
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

/** Nothing happens when it is not served. */
export const stopServingMoment = defineRpc({
  name: 'stopServingMoment',
  input: z.object({ exportName: z.string() }),
  output: none,
  timeoutMs: CALL_MS,
});
