// What an administrator does with the objects of the inventory whatever their kind: name, order in
// folders, create, delete. One view says of any object where it stands, which tags and custom
// attributes it has, and what may be done with it.
import { z } from 'zod';
import { drsConfigSchema } from '../../model/inventory.ts';
import { INVENTORY_NAME_LENGTH_MAX, MOVED_OBJECTS_MAX } from '../../model/limits.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import { verdictSchema } from '../../model/task.ts';
import { taskStartedSchema } from './tasks.ts';

const named = z.object({ id: z.string(), name: z.string() });

export const inventoryNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(INVENTORY_NAME_LENGTH_MAX)
  .regex(
    /^(?!\.)[^/\\%\p{Cc}]+$/u,
    'A name has no slash, backslash, percent sign or control character, and no dot in front',
  );

const folderTypeSchema = z.enum(['vm', 'host']);
export type FolderType = z.infer<typeof folderTypeSchema>;

/** GET /objects/{id}. */
const objectViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(INVENTORY_TYPES),
  /** Null for the datacenter itself. */
  datacenter: named.nullable(),
  /** Null where it stands directly below its datacenter, or in a cluster. */
  folder: named.nullable(),
  tags: z.array(named.extend({ category: named, description: z.string() })),
  /** Every custom attribute of its type; an empty value: none. */
  customValues: z.array(z.object({ fieldId: z.string(), name: z.string(), value: z.string() })),
  /**
   * rename, move, delete, createVmFolder, createHostFolder, createCluster, createDatacenter,
   * createPool, assignTags, setCustomValues; those that its kind knows.
   */
  actions: z.record(z.string(), verdictSchema),
});
export type ObjectView = z.infer<typeof objectViewSchema>;

const renameObjectSchema = z.object({ name: inventoryNameSchema });

const moveObjectsSchema = z.object({
  objectIds: z.array(z.string().max(40)).min(1).max(MOVED_OBJECTS_MAX),
});

export const createFolderSchema = z.object({
  name: inventoryNameSchema,
  type: folderTypeSchema,
  /** A datacenter, or a folder of the same type. */
  parentId: z.string().max(40),
});

export const createDatacenterSchema = z.object({ name: inventoryNameSchema });

export const createClusterSchema = z.object({
  name: inventoryNameSchema,
  /** A datacenter, or a folder for hosts. */
  parentId: z.string().max(40),
  drs: drsConfigSchema.default({ enabled: true, behavior: 'partiallyAutomated', threshold: 3 }),
});

const created = z.object({ id: z.string() });

export const OBJECT_ROUTES = {
  readObject: { method: 'GET', path: '/objects/{id}', answer: objectViewSchema },
  renameObject: {
    method: 'POST',
    path: '/objects/{id}/rename',
    body: renameObjectSchema,
    answer: taskStartedSchema,
  },
  /** Into the folder, or to directly below the datacenter, that the path names. */
  moveObjects: {
    method: 'POST',
    path: '/objects/{id}/move-into',
    body: moveObjectsSchema,
    answer: taskStartedSchema,
  },
  checkMoveObjects: {
    method: 'POST',
    path: '/objects/{id}/move-into/check',
    body: moveObjectsSchema,
    answer: verdictSchema,
  },
  /** A datacenter, a cluster or a folder, when nothing is in it. */
  deleteObject: { method: 'DELETE', path: '/objects/{id}', answer: taskStartedSchema },
  createFolder: { method: 'POST', path: '/folders', body: createFolderSchema, answer: created },
  createDatacenter: {
    method: 'POST',
    path: '/datacenters',
    body: createDatacenterSchema,
    answer: created,
  },
  createCluster: { method: 'POST', path: '/clusters', body: createClusterSchema, answer: created },
} as const;
