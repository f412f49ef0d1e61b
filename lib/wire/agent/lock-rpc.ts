// What a host sees of the locks of virtual disks on the datastores that it shares with others: the
// second of the two ways by which vSphere HA tells a host that has failed from one that is cut off.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { defineRpc } from './rpc.ts';

/** Disks of one call. */
export const LOCK_SIGNS_MAX = 1_000;

const lockSignSchema = z.object({
  datastoreId: objectIdSchema,
  path: z.string(),
  /**
   * `free`: nobody holds it. `dead`: its holder's process is provably gone. `held`: `sign` tells
   * whether it lives. `unreadable`: it could not be looked at; `message` says why.
   */
  state: z.enum(['free', 'dead', 'held', 'unreadable']),
  /** UUID of the host that holds it, or held it; empty when nobody can tell. */
  hostUuid: z.string().max(100),
  /** Changes with each sign of life of the holder; empty unless held. */
  sign: z.string().max(64),
  message: z.string(),
});
export type LockSign = z.infer<typeof lockSignSchema>;

/** In the order of the question. Takes no lock and breaks none. */
export const readLockSigns = defineRpc({
  name: 'readLockSigns',
  input: z.object({
    disks: z.array(z.object({ datastoreId: objectIdSchema, path: z.string() })).max(LOCK_SIGNS_MAX),
  }),
  output: z.object({ signs: z.array(lockSignSchema) }),
  timeoutMs: 10_000,
});
