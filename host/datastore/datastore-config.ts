// A datastore as the controller tells a host to mount it.
import { z } from 'zod';
import { datastoreTypeSchema, objectIdSchema } from '#lib/model/inventory.ts';

export const datastoreConfigSchema = z.object({
  id: objectIdSchema,
  name: z.string().min(1).max(80),
  type: datastoreTypeSchema,
  path: z.string().startsWith('/').max(4096),
  /** What its type needs beyond that: of a vVol `provider` and `token`. */
  options: z.record(z.string().max(64), z.string().max(4096)).default({}),
});
export type DatastoreConfig = z.infer<typeof datastoreConfigSchema>;
