// Objects in which vSAN and vVol datastores keep disks: what they consist of and how healthy they
// are.
import { z } from 'zod';

/** Of a vSAN the first four, of a vVol whether a host has the volume bound. */
const OBJECT_STATES = [
  'healthy',
  'reducedRedundancy',
  'resyncing',
  'inaccessible',
  'bound',
  'unbound',
] as const;
export const objectStateSchema = z.enum(OBJECT_STATES);
export type ObjectState = z.infer<typeof objectStateSchema>;

export const objectComponentSchema = z.object({
  id: z.string().max(64),
  /** The host that keeps it. */
  hostName: z.string().max(255),
  role: z.enum(['data', 'witness']),
  /**
   * `stale`: it lacks writes that others have. `absent`: its host does not answer. `degraded`: its
   * host answers and no longer has it.
   */
  state: z.enum(['active', 'stale', 'absent', 'degraded']),
  votes: z.number().int().min(0),
  /** Left to copy onto it. */
  bytesToResync: z.number().min(0),
});
export type ObjectComponent = z.infer<typeof objectComponentSchema>;

export const storageObjectSchema = z.object({
  id: z.string().max(64),
  state: objectStateSchema,
  sizeBytes: z.number().min(0),
  /** On all hosts together. */
  usedBytes: z.number().min(0),
  /** At most so many are to be copied until it is healthy. */
  bytesToResync: z.number().min(0),
  /** Of a vSAN; of a vVol none. */
  components: z.array(objectComponentSchema).max(9),
  /** Of a vVol: the host that has it bound; null when none has. */
  holder: z.string().max(255).nullable(),
});
export type StorageObject = z.infer<typeof storageObjectSchema>;
