// Reconfigure cluster: switches vSphere HA on or off, and sets restart priority and admission
// control.
import { z } from 'zod';
import { haConfigSchema } from '../../model/availability.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import { defineOperation } from '../tasks/operation.ts';

const configureHaInputSchema = z.object({ clusterId: objectIdSchema, ha: haConfigSchema });
export type ConfigureHaInput = z.infer<typeof configureHaInputSchema>;

export const configureHa = defineOperation({
  key: 'ClusterComputeResource.reconfigureEx',
  label: 'Reconfigure cluster',
  input: configureHaInputSchema,
  cancelable: false,
  async observe(tx, { clusterId }) {
    return { target: await findClusterFacts(tx, clusterId) };
  },
  privileges: (_, { clusterId }) => [
    { privilege: 'Host.Inventory.EditCluster', objectId: clusterId },
  ],
  judge: () => verdictOf([]),
});
