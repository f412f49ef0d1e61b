// The routes about the life of filters on clusters after they were installed: upgrading, what that
// would do on each host, letting a task that goes from host to host stand still, and hosts that
// come and go.
import { z } from 'zod';
import { verdictSchema } from '../../model/task.ts';
import { addHostSchema, upgradeIoFilterSchema, upgradePlanSchema } from './operations.ts';
import { taskStartedSchema } from './tasks.ts';

export const LIFE_CYCLE_ROUTES = {
  planUpgrade: {
    method: 'GET',
    path: '/clusters/{id}/io-filters/{filterId}/upgrade',
    query: z.object({
      /** Left out: the highest version that the depot has. */
      depotId: z.string().optional(),
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
  addHost: { method: 'POST', path: '/hosts', body: addHostSchema, answer: taskStartedSchema },
  moveHost: {
    method: 'POST',
    path: '/hosts/{id}/move',
    /** Null: out of its cluster. */
    body: z.object({ clusterId: z.string().nullable() }),
    answer: taskStartedSchema,
  },
  checkMoveHost: {
    method: 'GET',
    path: '/hosts/{id}/move',
    /** Left out: out of its cluster. */
    query: z.object({ clusterId: z.string().optional() }),
    answer: verdictSchema,
  },
  removeHost: { method: 'DELETE', path: '/hosts/{id}', answer: taskStartedSchema },
  pauseTask: {
    method: 'POST',
    path: '/tasks/{id}/pause',
    /** False lets it go on. */
    body: z.object({ paused: z.boolean() }),
    answer: z.object({}),
  },
} as const;
