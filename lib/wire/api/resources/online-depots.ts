// Online depots: URLs from which VIBs come into the depot, on demand and by the clock.
import { z } from 'zod';
import { faultRecordSchema, verdictSchema } from '../../../model/task.ts';
import { taskStartedSchema } from '../tasks.ts';

export const onlineDepotStateSchema = z.enum([
  'never',
  'synchronizing',
  'synchronized',
  'failed',
  'canceled',
]);
export type OnlineDepotState = z.infer<typeof onlineDepotStateSchema>;

/** Minutes from one synchronisation to the next, up to four weeks; 0: on demand alone. */
const intervalSchema = z.union([z.literal(0), z.number().int().min(5).max(40_320)]);

/** POST /depot/online. */
export const onlineDepotSchema = z.object({
  /**
   * An index.xml, the folder that it is in (ending with a slash), an offline bundle, or a VIB.
   */
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  intervalMinutes: intervalSchema,
});

const onlineDepotViewSchema = z.object({
  id: z.string(),
  url: z.string(),
  intervalMinutes: z.number().int(),
  state: onlineDepotStateSchema,
  /** What the last synchronisation failed with. */
  fault: faultRecordSchema.nullable(),
  lastSyncAt: z.string().nullable(),
  lastGoodAt: z.string().nullable(),
  /** Null: on demand alone. */
  nextSyncAt: z.string().nullable(),
  addedAt: z.string(),
  addedBy: z.string(),
  /** VIBs that it offers, and those of the depot that it has ceased to offer. */
  vibsOffered: z.number().int(),
  vibsKept: z.number().int(),
  /** The synchronisation that is queued or under way. */
  taskId: z.string().nullable(),
  /** sync, change, remove. */
  actions: z.record(z.string(), verdictSchema),
});
export type OnlineDepotView = z.infer<typeof onlineDepotViewSchema>;

const none = z.object({});

export const ONLINE_DEPOT_ROUTES = {
  listOnlineDepots: {
    method: 'GET',
    path: '/depot/online',
    answer: z.array(onlineDepotViewSchema),
  },
  /** Adds it and synchronises it for the first time. */
  addOnlineDepot: {
    method: 'POST',
    path: '/depot/online',
    body: onlineDepotSchema,
    answer: taskStartedSchema,
  },
  changeOnlineDepot: {
    method: 'PATCH',
    path: '/depot/online/{id}',
    body: z.object({ intervalMinutes: intervalSchema }),
    answer: none,
  },
  syncOnlineDepot: {
    method: 'POST',
    path: '/depot/online/{id}/sync',
    answer: taskStartedSchema,
  },
  removeOnlineDepot: { method: 'DELETE', path: '/depot/online/{id}', answer: none },
} as const;
