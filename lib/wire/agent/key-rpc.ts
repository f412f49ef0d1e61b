// The calls of a host agent about keys. None of them is keyed: what is keyed is kept on disk.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { keyRefSchema } from '../../model/key.ts';
import { done } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

/** A key as it travels: 256 bits, base64. */
const givenKeySchema = keyRefSchema.extend({ value: z.base64().length(44) });
export type GivenKey = z.infer<typeof givenKeySchema>;

export const givenKeysSchema = z.array(givenKeySchema).max(256);

/**
 * Gives a host the keys that it needs for a VM's disks. It keeps them in memory until the VM is
 * off or gone, and hands them to the VM's process.
 */
export const putKeys = defineRpc({
  name: 'putKeys',
  input: z.object({ vmId: objectIdSchema, keys: givenKeysSchema }),
  output: done,
  timeoutMs: 10_000,
});

/** How far a filter is with what it does to a disk at length. */
export const filterProgressSchema = z.object({
  filter: z.string(),
  /** In words: `Encrypting`. */
  step: z.string().max(200),
  percent: z.number().int().min(0).max(100),
  /** The disk is as the filter's properties want it. */
  done: z.boolean(),
  /** What keeps it from going on; empty when nothing does. */
  trouble: z.string().max(400),
});
export type FilterProgress = z.infer<typeof filterProgressSchema>;

/** Of a VM that is on. */
export const readFilterProgress = defineRpc({
  name: 'readFilterProgress',
  input: z.object({ vmId: objectIdSchema, diskKey: z.number().int() }),
  output: z.object({ progress: z.array(filterProgressSchema) }),
  timeoutMs: 5_000,
});
