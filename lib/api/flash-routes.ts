// The virtual flash resources of hosts.
import { configureFlash } from '../controller/hosts/configure-flash.ts';
import { readClusterFlash, readHostFlash } from '../controller/hosts/read-flash.ts';
import { removeFlashContent } from '../controller/hosts/remove-flash-content.ts';
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
  removeFlashContent: (request) => {
    const { id: hostId, contentId } = request.params;
    return startTask(request, removeFlashContent, { hostId, contentId });
  },
} satisfies Partial<
  Handlers<'readHostFlash' | 'readClusterFlash' | 'configureFlash' | 'removeFlashContent'>
>;
