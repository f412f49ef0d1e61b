// Resource pools: parts of the memory of a cluster or a standalone host, within each other.
import { z } from 'zod';
import { powerStateSchema } from '../../../model/inventory.ts';
import { MOVED_OBJECTS_MAX } from '../../../model/limits.ts';
import { verdictSchema } from '../../../model/task.ts';
import { inventoryNameSchema } from '../inventory-objects.ts';

const named = z.object({ id: z.string(), name: z.string() });
const memorySchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 30);

export const createPoolSchema = z.object({
  name: inventoryNameSchema,
  /** A cluster, a standalone host, or a resource pool. */
  parentId: z.string().max(40),
  /** Kept free for its virtual machines. */
  memoryReservationMib: memorySchema.default(0),
  /** What its running virtual machines may have together; null: no limit. */
  memoryLimitMib: memorySchema.nullable().default(null),
});

export const changePoolSchema = z.object({
  name: inventoryNameSchema.optional(),
  memoryReservationMib: memorySchema.optional(),
  memoryLimitMib: memorySchema.nullable().optional(),
});

const resourcePoolViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The cluster or standalone host. */
  owner: named,
  /** Null: directly below its owner. */
  parent: named.nullable(),
  memoryReservationMib: z.number().int(),
  memoryLimitMib: z.number().int().nullable(),
  /** Of its running virtual machines, with those of pools within it. */
  memoryGrantedMib: z.number().int(),
  pools: z.array(named),
  /** Its own, by name. */
  vms: z.array(named.extend({ powerState: powerStateSchema, memoryMib: z.number().int() })),
  /** createPool, rename, edit, delete, assignVms. */
  actions: z.record(z.string(), verdictSchema),
});
export type ResourcePoolView = z.infer<typeof resourcePoolViewSchema>;

const none = z.object({});

export const RESOURCE_POOL_ROUTES = {
  createResourcePool: {
    method: 'POST',
    path: '/resource-pools',
    body: createPoolSchema,
    answer: z.object({ id: z.string() }),
  },
  readResourcePool: {
    method: 'GET',
    path: '/resource-pools/{id}',
    answer: resourcePoolViewSchema,
  },
  changeResourcePool: {
    method: 'PATCH',
    path: '/resource-pools/{id}',
    body: changePoolSchema,
    answer: none,
  },
  /** What is in it goes to where it was itself. */
  deleteResourcePool: { method: 'DELETE', path: '/resource-pools/{id}', answer: none },
  /** Into the pool; null: out of any. */
  assignToPool: {
    method: 'POST',
    path: '/resource-pools/assign',
    body: z.object({
      poolId: z.string().max(40).nullable(),
      vmIds: z.array(z.string().max(40)).min(1).max(MOVED_OBJECTS_MAX),
    }),
    answer: none,
  },
} as const;
