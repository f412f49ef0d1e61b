// Online depots: listed, added, changed, synchronised and removed.
import {
  addOnlineDepot,
  changeOnlineDepot,
  removeOnlineDepot,
} from '../../controller/online-depots/edit-depots.ts';
import { readOnlineDepots } from '../../controller/online-depots/read-depots.ts';
import { syncDepot } from '../../controller/online-depots/sync-depot.ts';
import type { Handlers } from '../handlers.ts';
import { startTask } from '../start-task.ts';

export const onlineDepotRoutes = {
  listOnlineDepots: ({ context: { db }, session: { caller } }) => readOnlineDepots({ db, caller }),
  async addOnlineDepot(request) {
    const { context, session, body } = request;
    const parts = { db: context.db, clock: context.clock, caller: session.caller };
    const onlineDepotId = await addOnlineDepot(parts, body);
    return startTask(request, syncDepot, { onlineDepotId });
  },
  async changeOnlineDepot({ context: { db, clock }, session: { caller }, params, body }) {
    await changeOnlineDepot({ db, clock, caller }, { id: params.id, ...body });
    return {};
  },
  syncOnlineDepot: (request) => startTask(request, syncDepot, { onlineDepotId: request.params.id }),
  async removeOnlineDepot({ context: { db, clock }, session: { caller }, params }) {
    await removeOnlineDepot({ db, clock, caller }, params.id);
    return {};
  },
} satisfies Partial<Handlers<OnlineDepotRouteName>>;

type OnlineDepotRouteName =
  | 'listOnlineDepots'
  | 'addOnlineDepot'
  | 'changeOnlineDepot'
  | 'syncOnlineDepot'
  | 'removeOnlineDepot';
