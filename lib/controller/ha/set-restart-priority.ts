// Reconfigure cluster: gives a virtual machine a restart priority of its own, or takes it away, so
// that it has that of the cluster.
import { z } from 'zod';
import { restartPrioritySchema } from '../../model/availability.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from '../vms/vm-store.ts';

const setRestartPriorityInputSchema = z.object({
  clusterId: objectIdSchema,
  vmId: objectIdSchema,
  restartPriority: restartPrioritySchema.nullable(),
});
export type SetRestartPriorityInput = z.infer<typeof setRestartPriorityInputSchema>;

export const setRestartPriority = defineOperation({
  key: 'ClusterComputeResource.reconfigureEx',
  label: 'Reconfigure cluster',
  input: setRestartPriorityInputSchema,
  cancelable: false,
  async observe(tx, { clusterId, vmId }) {
    const target = await findClusterFacts(tx, clusterId);
    const vm = await findVmFacts(tx, vmId);
    return { target, vm, host: await findHostFacts(tx, vm.hostId) };
  },
  privileges: (_, { clusterId }) => [
    { privilege: 'Host.Inventory.EditCluster', objectId: clusterId },
  ],
  judge: ({ target, vm, host }) => {
    if (host.clusterId === target.id) return verdictOf([]);
    const message = `${vm.name} is not in the cluster ${target.name}.`;
    return verdictOf([{ fault: 'InvalidArgument', message, objects: [vm.id] }]);
  },
});
