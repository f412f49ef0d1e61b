// The routes about the life of filters on clusters after they were installed: upgrading, what that
// would do on each host, and letting a task that goes from host to host stand still.
import { z } from 'zod';
import { upgradeIoFilterSchema, upgradePlanSchema } from './operations.ts';
import { taskStartedSchema } from './tasks.ts';

export const LIFE_CYCLE_ROUTES = {
  planUpgrade: {
    method: 'GET',
    path: '/clusters/{id}/io-filters/{filterId}/upgrade',
    query: upgradeIoFilterSchema.extend({
      hostsAtOnce: z.coerce.number().int().min(1).max(16).default(1),
    }),
    answer: upgradePlanSchema,
  },
  upgradeIoFilter: {
    method: 'POST',
    path: '/clusters/{id}/io-filters/{filterId}/upgrade',
    body: upgradeIoFilterSchema,
    answer: taskStartedSchema,
  },
  pauseTask: {
    method: 'POST',
    path: '/tasks/{id}/pause',
    /** False lets it go on. */
    body: z.object({ paused: z.boolean() }),
    answer: z.object({}),
  },
} as const;
