// The calls of a host agent about keys. None of them is keyed: what is keyed is kept on disk.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import type { KeyRef } from '../../model/key.ts';
import { done } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

/** A key as the controller has it: 256 bits, base64. How keys travel says key-bytes.ts. */
export interface GivenKey extends KeyRef {
  value: string;
}

/** A public key: X25519 as SubjectPublicKeyInfo, base64. */
export const boxKeySchema = z.base64().max(80);

/** Keys as they travel: in a sealed box, whose purpose is the VM's id. */
export const sealedKeysSchema = z.object({
  sender: boxKeySchema,
  nonce: z.base64().length(16),
  /** The tag of 16 bytes, and the cipher text. */
  sealed: z.base64().max(131_072),
});

/** With which public key keys for this host are sealed, until it is started again. */
export const readKeyBox = defineRpc({
  name: 'readKeyBox',
  input: z.object({}),
  output: z.object({ publicKey: boxKeySchema }),
  timeoutMs: 10_000,
});

/**
 * Gives a host the keys that it needs for a VM's disks. It keeps them in memory until the VM is
 * off or gone, and hands them to the VM's process.
 */
export const putKeys = defineRpc({
  name: 'putKeys',
  input: z.object({ vmId: objectIdSchema, sealed: sealedKeysSchema }),
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
