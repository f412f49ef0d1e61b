// The inventory tree, clusters with DRS and filters, hosts and datastores.
import { configureDrs } from '../controller/clusters/configure-drs.ts';
import { readCluster } from '../controller/clusters/read-cluster.ts';
import { readCompatibilityMatrix } from '../controller/clusters/read-compatibility-matrix.ts';
import { applyRecommendation } from '../controller/drs/apply-recommendation.ts';
import { readDrs } from '../controller/drs/read-drs.ts';
import { refreshRecommendations } from '../controller/drs/refresh-recommendations.ts';
import { disconnectHost } from '../controller/hosts/disconnect-host.ts';
import { enterMaintenance } from '../controller/hosts/enter-maintenance.ts';
import { exitMaintenance } from '../controller/hosts/exit-maintenance.ts';
import { readHost } from '../controller/hosts/read-host.ts';
import { readHostSamples } from '../controller/hosts/read-host-samples.ts';
import { readHosts } from '../controller/hosts/read-hosts.ts';
import { reconnectHost } from '../controller/hosts/reconnect-host.ts';
import { readInventory } from '../controller/inventory/read-inventory.ts';
import { installIoFilter } from '../controller/io-filters/install-io-filter.ts';
import {
  resolveIoFilterOnCluster,
  resolveIoFilterOnHost,
} from '../controller/io-filters/resolve-io-filter.ts';
import { uninstallIoFilter } from '../controller/io-filters/uninstall-io-filter.ts';
import { idsOf } from './chosen-ids.ts';
import type { Handlers } from './handlers.ts';
import { startTask } from './start-task.ts';

export const inventoryRoutes = {
  readInventory: ({ context, query }) => readInventory(context.db, idsOf(query)),
  readCluster: ({ context: { db }, session: { caller }, params }) =>
    readCluster({ db, caller }, params.id),
  readDrs: ({ context, params }) => readDrs(context.db, params.id),
  configureDrs: (request) =>
    startTask(request, configureDrs, { clusterId: request.params.id, config: request.body }),
  async refreshRecommendations({ context: { db, random, clock }, session: { caller }, params }) {
    await refreshRecommendations({ db, random, now: clock.now() }, caller, params.id);
    return readDrs(db, params.id);
  },
  readCompatibilityMatrix: ({ context, params, query }) =>
    readCompatibilityMatrix(context.db, params.id, query),
  applyRecommendation: (request) =>
    startTask(request, applyRecommendation, { recommendationId: request.params.id }),

  installIoFilter: (request) => startTask(request, installIoFilter, request.body),
  uninstallIoFilter: (request) => {
    const { id: clusterId, filterId } = request.params;
    return startTask(request, uninstallIoFilter, { clusterId, filterId });
  },
  resolveIoFilter: (request) => {
    const { id: clusterId, filterId } = request.params;
    const { hostId } = request.body;
    return hostId === undefined
      ? startTask(request, resolveIoFilterOnCluster, { clusterId, filterId })
      : startTask(request, resolveIoFilterOnHost, { hostId, filterId });
  },

  listHosts: ({ context }) => readHosts(context.db),
  readHost: ({ context: { db }, session: { caller }, params }) =>
    readHost({ db, caller }, params.id),
  readHostSamples: ({ context, params, query }) =>
    readHostSamples(context.db, params.id, query.since),
  setMaintenance: (request) => {
    const { id: hostId } = request.params;
    const { enabled, evacuatePoweredOffVms } = request.body;
    return enabled
      ? startTask(request, enterMaintenance, { hostId, evacuatePoweredOffVms })
      : startTask(request, exitMaintenance, { hostId });
  },
  setConnection: (request) => {
    const operation = request.body.connected ? reconnectHost : disconnectHost;
    return startTask(request, operation, { hostId: request.params.id });
  },
} satisfies Partial<Handlers<InventoryRouteName>>;

type InventoryRouteName =
  | 'readInventory'
  | 'readCluster'
  | 'readDrs'
  | 'configureDrs'
  | 'refreshRecommendations'
  | 'readCompatibilityMatrix'
  | 'applyRecommendation'
  | 'installIoFilter'
  | 'uninstallIoFilter'
  | 'resolveIoFilter'
  | 'listHosts'
  | 'readHost'
  | 'readHostSamples'
  | 'setMaintenance'
  | 'setConnection';
