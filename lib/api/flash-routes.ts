// The virtual flash resources of hosts.
import { configureFlash } from '../controller/hosts/configure-flash.ts';
import { readClusterFlash, readHostFlash } from '../controller/hosts/read-flash.ts';
import type { Handlers } from './handlers.ts';
import { startTask } from './start-task.ts';

export const flashRoutes = {
  readHostFlash: ({ context: { db, agents }, session: { caller }, params }) =>
    readHostFlash({ db, agents, caller }, params.id),
  readClusterFlash: ({ context: { db, agents }, session: { caller }, params }) =>
    readClusterFlash({ db, agents, caller }, params.id),
  configureFlash: (request) => {
    const { capacityBytes } = request.body;
    return startTask(request, configureFlash, { hostId: request.params.id, capacityBytes });
  },
} satisfies Partial<Handlers<'readHostFlash' | 'readClusterFlash' | 'configureFlash'>>;
