// What a host tells of the objects of its vSAN and vVol datastores.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { storageObjectSchema } from '../../model/storage-object.ts';
import { defineRpc } from './rpc.ts';

/** A datastore with more is told in part; the counts in the report are whole. */
export const OBJECTS_TOLD_MAX = 5_000;

/**
 * All objects of a datastore, by id, as the hosts of the vSAN or the storage provider have them
 * now. None of other types. Throws `InvalidDatastore` for one that is not mounted.
 */
export const readObjects = defineRpc({
  name: 'readObjects',
  input: z.object({ datastoreId: objectIdSchema }),
  output: z.object({
    /** As in the report of the same state. */
    digest: z.string().max(64),
    objectHealth: z.record(z.string(), z.number().int()),
    objects: z.array(storageObjectSchema).max(OBJECTS_TOLD_MAX),
  }),
  timeoutMs: 20_000,
});
