// The life of filters on clusters: upgrading, and pausing what goes from host to host.
import { planUpgrade } from '../controller/io-filters/plan-upgrade.ts';
import { upgradeIoFilter } from '../controller/io-filters/upgrade-io-filter.ts';
import { pauseTask } from '../controller/tasks/pause-task.ts';
import type { Handlers } from './handlers.ts';
import { startTask } from './start-task.ts';

export const lifeCycleRoutes = {
  planUpgrade: ({ context: { db }, session: { caller }, params, query }) =>
    planUpgrade({ db, caller }, { clusterId: params.id, filterId: params.filterId, ...query }),
  upgradeIoFilter: (request) => {
    const { id: clusterId, filterId } = request.params;
    return startTask(request, upgradeIoFilter, { clusterId, filterId, ...request.body });
  },
  async pauseTask({ context, session, params, body }) {
    await pauseTask(context.db, session.caller, { taskId: params.id, paused: body.paused });
    return {};
  },
} satisfies Partial<Handlers<'planUpgrade' | 'upgradeIoFilter' | 'pauseTask'>>;
