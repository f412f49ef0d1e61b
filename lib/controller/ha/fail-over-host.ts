// vSphere HA failover: restarts the VMs of a host that has failed. Asked for by the loop that
// watches the hosts.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findFailedHost } from './ha-store.ts';

const failOverHostInputSchema = z.object({ hostId: objectIdSchema });
export type FailOverHostInput = z.infer<typeof failOverHostInputSchema>;

export const failOverHost = defineOperation({
  key: 'ClusterComputeResource.failOverHost',
  label: 'vSphere HA failover',
  input: failOverHostInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const failed = await findFailedHost(tx, hostId);
    if (!failed) throw new Fault('NotFound', `vSphere HA does not watch the host ${hostId}.`);
    return { target: failed.host, failed };
  },
  privileges: ({ failed }) => [
    { privilege: 'Host.Inventory.EditCluster', objectId: failed.cluster.id },
  ],
  judge: ({ failed: { host, isDown } }) => {
    if (isDown) return verdictOf([]);
    const message = `${host.name} has not failed.`;
    return verdictOf([{ fault: 'InvalidState', message, objects: [host.id] }]);
  },
});
