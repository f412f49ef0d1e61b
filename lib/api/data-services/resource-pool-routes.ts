// Resource pools: made, shown, changed, deleted, and what is put into them.
import {
  addPool,
  assignToPool,
  changePool,
  deletePool,
} from '../../controller/resource-pools/edit-pools.ts';
import { readPool } from '../../controller/resource-pools/read-pool.ts';
import type { RESOURCE_POOL_ROUTES } from '../../wire/api/resources/resource-pools.ts';
import type { Handlers } from '../handlers.ts';

export const resourcePoolRoutes = {
  createResourcePool: async ({ context: { db }, session: { caller }, body }) => ({
    id: await addPool(db, caller, body),
  }),
  readResourcePool: ({ context: { db }, session: { caller }, params }) =>
    readPool({ db, caller }, params.id),
  async changeResourcePool({ context: { db }, session: { caller }, params, body }) {
    await changePool(db, caller, { ...body, id: params.id });
    return {};
  },
  async deleteResourcePool({ context: { db }, session: { caller }, params }) {
    await deletePool(db, caller, params.id);
    return {};
  },
  async assignToPool({ context: { db }, session: { caller }, body }) {
    await assignToPool(db, caller, body);
    return {};
  },
} satisfies Partial<Handlers<keyof typeof RESOURCE_POOL_ROUTES>>;
