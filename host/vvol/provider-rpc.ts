// The calls of a vVol storage provider: POST /rpc/<name> with a JSON body and a bearer token. The
// data of a bound volume go over NBD, to the place that `bindVolume` names.
import { z } from 'zod';
import { DISK_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import { defineRpc } from '#lib/wire/agent/rpc.ts';

const CALL_MS = 10_000;
/** Of a call that may take the space of a thick disk. */
const SPACE_MS = 120_000;
const done = z.object({});

export const volumeIdSchema = z.string().regex(/^[0-9a-f]{32}$/);
const bindingIdSchema = z.string().regex(/^[0-9a-f]{32}$/);
const sizeSchema = z.number().int().positive().multipleOf(SECTOR_BYTES).max(DISK_BYTES_MAX);

const volumeSchema = z.object({
  id: volumeIdSchema,
  sizeBytes: z.number(),
  allocatedBytes: z.number(),
  /** Who has it bound; null when nobody has. */
  holder: z.string().nullable(),
});

const targetSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  exportName: z.string(),
});

/** The storage container: what all volumes share. */
export const queryContainer = defineRpc({
  name: 'queryContainer',
  input: done,
  output: z.object({ capacityBytes: z.number(), freeBytes: z.number(), volumes: z.number().int() }),
  timeoutMs: CALL_MS,
});

/** All volumes, or one. `NotFound` for one that is not there. */
export const queryVolumes = defineRpc({
  name: 'queryVolumes',
  input: z.object({ id: volumeIdSchema.nullable() }),
  output: z.object({ volumes: z.array(volumeSchema) }),
  timeoutMs: CALL_MS,
});

/**
 * Makes an empty volume, thin unless its space shall be reserved. The caller chooses the id, so
 * that it may ask once more. Throws `NoDiskSpace`.
 */
export const createVolume = defineRpc({
  name: 'createVolume',
  input: z.object({
    id: volumeIdSchema,
    sizeBytes: sizeSchema,
    reserved: z.boolean().default(false),
  }),
  output: done,
  timeoutMs: SPACE_MS,
});

/**
 * Gives the volume to a holder. Whoever had it bound before can do no more I/O when it answers.
 */
export const bindVolume = defineRpc({
  name: 'bindVolume',
  input: z.object({ id: volumeIdSchema, holder: z.string().max(200) }),
  output: z.object({ bindingId: bindingIdSchema, sizeBytes: z.number(), target: targetSchema }),
  timeoutMs: CALL_MS,
});

/** Where a binding is served now. `InvalidState` when it is over. */
export const findBinding = defineRpc({
  name: 'findBinding',
  input: z.object({ id: volumeIdSchema, bindingId: bindingIdSchema }),
  output: z.object({ target: targetSchema }),
  timeoutMs: CALL_MS,
});

/** Ends a binding. Nothing to do when it is over. */
export const unbindVolume = defineRpc({
  name: 'unbindVolume',
  input: z.object({ id: volumeIdSchema, bindingId: bindingIdSchema }),
  output: done,
  timeoutMs: CALL_MS,
});

/**
 * Makes a volume larger. A holder that has it bound binds it anew. `InvalidArgument` to make it
 * smaller.
 */
export const resizeVolume = defineRpc({
  name: 'resizeVolume',
  input: z.object({ id: volumeIdSchema, sizeBytes: sizeSchema }),
  output: done,
  timeoutMs: SPACE_MS,
});

/** `ResourceInUse` while it is bound. Nothing to do when it is not there. */
export const deleteVolume = defineRpc({
  name: 'deleteVolume',
  input: z.object({ id: volumeIdSchema }),
  output: done,
  timeoutMs: CALL_MS,
});
