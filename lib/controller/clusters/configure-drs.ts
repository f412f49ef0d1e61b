// Reconfigure cluster: switches DRS on or off, and sets its automation level and threshold.
import { z } from 'zod';
import { drsConfigSchema, objectIdSchema } from '../../model/inventory.ts';
import { judgeDrsConfig } from '../../rules/drs-config.ts';
import { readHostFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findClusterFacts } from './cluster-store.ts';

const configureDrsInputSchema = z.object({
  clusterId: objectIdSchema,
  config: drsConfigSchema,
});
export type ConfigureDrsInput = z.infer<typeof configureDrsInputSchema>;

export const configureDrs = defineOperation({
  key: 'ClusterComputeResource.reconfigureEx',
  label: 'Reconfigure cluster',
  input: configureDrsInputSchema,
  cancelable: false,
  async observe(tx, { clusterId }) {
    const cluster = await findClusterFacts(tx, clusterId);
    return { target: cluster, cluster, hosts: await readHostFacts(tx, { clusterId }) };
  },
  privileges: (_, { clusterId }) => [
    { privilege: 'Host.Inventory.EditCluster', objectId: clusterId },
  ],
  judge: ({ cluster, hosts }, { config }) => judgeDrsConfig(cluster, hosts, config),
});
