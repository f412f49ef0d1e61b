// vSphere HA of a cluster: how it is set, what it sees, and restart priorities of single VMs.
import { configureHa } from '../../controller/ha/configure-ha.ts';
import { readHa } from '../../controller/ha/read-ha.ts';
import { setRestartPriority } from '../../controller/ha/set-restart-priority.ts';
import type { Handlers } from '../handlers.ts';
import { startTask } from '../start-task.ts';

export const haRoutes = {
  readHa: ({ context, params }) => readHa(context.db, params.id),
  configureHa: (request) =>
    startTask(request, configureHa, { clusterId: request.params.id, ha: request.body }),
  setRestartPriority: (request) =>
    startTask(request, setRestartPriority, { clusterId: request.params.id, ...request.body }),
} satisfies Partial<Handlers<'readHa' | 'configureHa' | 'setRestartPriority'>>;
