// The life of filters on clusters: upgrading, pausing what goes from host to host, and hosts that
// come and go.
import { sealAgentToken } from '../controller/agents/agent-token.ts';
import { planUpgrade } from '../controller/io-filters/plan-upgrade.ts';
import { upgradeIoFilter } from '../controller/io-filters/upgrade-io-filter.ts';
import { addHost } from '../controller/membership/add-host.ts';
import { moveHost } from '../controller/membership/move-host.ts';
import { removeHost } from '../controller/membership/remove-host.ts';
import { createSealer } from '../controller/secrets/sealer.ts';
import { pauseTask } from '../controller/tasks/pause-task.ts';
import type { Handlers } from './handlers.ts';
import { judge, startTask } from './start-task.ts';

export const lifeCycleRoutes = {
  planUpgrade: ({ context: { db }, session: { caller }, params, query }) =>
    planUpgrade({ db, caller }, { clusterId: params.id, filterId: params.filterId, ...query }),
  upgradeIoFilter: (request) => {
    const { id: clusterId, filterId } = request.params;
    return startTask(request, upgradeIoFilter, { clusterId, filterId, ...request.body });
  },
  addHost(request) {
    const { body, context } = request;
    // Before anything is written down.
    const sealer = createSealer(context.depotSecret, context.random);
    const agentToken = sealAgentToken(sealer, body.agentToken);
    return startTask(request, addHost, { ...body, agentToken });
  },
  moveHost: (request) => {
    const { clusterId } = request.body;
    return startTask(request, moveHost, { hostId: request.params.id, clusterId });
  },
  checkMoveHost: (request) => {
    const { clusterId = null } = request.query;
    return judge(request, moveHost, { hostId: request.params.id, clusterId });
  },
  removeHost: (request) => startTask(request, removeHost, { hostId: request.params.id }),
  async pauseTask({ context, session, params, body }) {
    await pauseTask(context.db, session.caller, { taskId: params.id, paused: body.paused });
    return {};
  },
} satisfies Partial<Handlers<LifeCycleRouteName>>;

type LifeCycleRouteName =
  | 'planUpgrade'
  | 'upgradeIoFilter'
  | 'pauseTask'
  | 'addHost'
  | 'moveHost'
  | 'checkMoveHost'
  | 'removeHost';
