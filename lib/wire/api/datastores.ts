// Datastores: what is on them, which hosts reach them, and the inputs of creating and mounting.
import { z } from 'zod';
import { datastoreTypeSchema } from '../../model/inventory.ts';
import { objectComponentSchema, objectStateSchema } from '../../model/storage-object.ts';
import { verdictSchema } from '../../model/task.ts';

const named = z.object({ id: z.string(), name: z.string() });
const actions = z.record(z.string(), verdictSchema);

export const datastoreSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  type: datastoreTypeSchema,
  path: z.string(),
  capacityBytes: z.number(),
  freeBytes: z.number(),
  /** Sum of the sizes of the disks on it, as their guests see them. */
  provisionedBytes: z.number(),
  /** Sum of what the disks on it take, as far as their hosts have said. */
  usedByDisksBytes: z.number(),
  diskCount: z.number().int(),
  vmCount: z.number().int(),
  /** Of a vSAN or a vVol: how many objects are in which state; empty for the other types. */
  objectHealth: z.record(z.string(), z.number().int()),
  hosts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      accessible: z.boolean(),
      message: z.string(),
    }),
  ),
});
export type DatastoreSummary = z.infer<typeof datastoreSummarySchema>;

export const datastoreViewSchema = datastoreSummarySchema.extend({
  disks: z.array(
    z.object({
      vm: named,
      diskKey: z.number().int(),
      label: z.string(),
      path: z.string(),
      capacityBytes: z.number(),
      usedBytes: z.number().nullable(),
      provisioning: z.string(),
      /** Of an object of a vSAN or a vVol: what the host says of it; empty for a file. */
      health: z.string(),
    }),
  ),
  /** What its type needs beyond its path, without secrets. */
  options: z.record(z.string(), z.string()),
  /** Of a vSAN or a vVol: the objects on it, those that are not well first; at most 1000. */
  objects: z.array(
    z.object({
      id: z.string(),
      /** The disks that it is, or whose redo logs stand on it. */
      disks: z.array(z.object({ vm: named, diskKey: z.number().int(), label: z.string() })),
      state: objectStateSchema,
      /** In a few words. */
      health: z.string(),
      since: z.iso.datetime(),
      sizeBytes: z.number(),
      usedBytes: z.number(),
      bytesToResync: z.number(),
      /** Of a resynchronisation that is under way; else null. */
      resyncPercent: z.number().nullable(),
      components: z.array(objectComponentSchema),
    }),
  ),
  /** By host: whether it may be unmounted there. */
  unmountActions: z.record(z.string(), verdictSchema),
  /** Hosts of its datacenter that do not mount it, each with the verdict on mounting it. */
  otherHosts: z.array(named.extend({ verdict: verdictSchema })),
  /** delete. */
  actions,
});
export type DatastoreView = z.infer<typeof datastoreViewSchema>;

/** POST /datastores. */
export const createDatastoreSchema = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .regex(
      /^[^/\\%\p{Cc}]+$/u,
      'A name has no slash, backslash, percent sign or control character',
    ),
  datacenterId: z.string(),
  type: datastoreTypeSchema,
  /** Directory, as its hosts see it. */
  path: z
    .string()
    .max(1024)
    .regex(/^\/(?!.*(?:^|\/)\.\.(?:\/|$)).*$/, 'An absolute path'),
  /** What its type needs beyond that: of a vVol `provider` (URL) and `token`. */
  options: z.record(z.string().max(40), z.string().max(1024)).default({}),
  /** Hosts that shall mount it. */
  hostIds: z.array(z.string()).min(1).max(1000),
});

/** POST /datastores/{id}/mount. */
export const mountDatastoreSchema = z.object({ hostId: z.string(), mounted: z.boolean() });
