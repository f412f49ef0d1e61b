// The calls of a host agent about its virtual flash resource: a part of its local store for what
// filters keep on the host alone, such as the write-back log of a cache.
import { z } from 'zod';
import { done, keyed } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

/** As the host calls it; one that another host has taken ends with `.taken`. */
export const flashContentIdSchema = z.string().regex(/^[0-9a-f]{16}-[0-9a-f-]{36}(\.taken)?$/);

export const flashContentSchema = z.object({
  id: z.string(),
  /** The filter that keeps it, and the disk as the filter knows it. */
  filter: z.string(),
  disk: z.string(),
  /** Null when the host cannot say: another host's, or one that nothing is known of. */
  vmId: z.string().nullable(),
  diskKey: z.number().int().nullable(),
  /** The host whose file this is a mirror of; null for the host's own. */
  mirrorOf: z.string().nullable(),
  /** That it takes of the resource, whether they are written or not. */
  bytes: z.number(),
  /** When it was last written to, in milliseconds since the epoch. */
  writtenAt: z.number(),
});

export const flashResourceSchema = z.object({
  /** 0: the host has none. */
  capacityBytes: z.number(),
  usedBytes: z.number(),
  /** Free on the local store, outside of the resource and inside. */
  storeFreeBytes: z.number(),
  /** `failed`: it cannot be read or written; `message` says why. */
  state: z.enum(['none', 'ok', 'failed']),
  message: z.string(),
  contents: z.array(flashContentSchema),
});
export type FlashResource = z.infer<typeof flashResourceSchema>;

export const readFlash = defineRpc({
  name: 'readFlash',
  input: z.object({}),
  output: flashResourceSchema,
  timeoutMs: 5_000,
});

/**
 * Adds, resizes or removes (0) the resource. `ResourceInUse` when what lies there would not fit,
 * `NoDiskSpace` when the local store has too little room.
 */
export const configureFlash = defineRpc({
  name: 'configureFlash',
  input: keyed.extend({ capacityBytes: z.number().int().min(0) }),
  output: done,
  timeoutMs: 10_000,
});

/** Removes one file, whose owner was looked at before. `NotFound` when it is not there. */
export const removeFlashContent = defineRpc({
  name: 'removeFlashContent',
  input: keyed.extend({ contentId: flashContentIdSchema }),
  output: done,
  timeoutMs: 10_000,
});
