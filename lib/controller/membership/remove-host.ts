// Remove host from the inventory: it keeps nothing of its cluster's filters, if it can be reached.
import { judgeRemoveHost } from '../../rules/hosts/host-membership.ts';
import { hostInputSchema } from '../hosts/enter-maintenance.ts';
import { defineOperation } from '../tasks/operation.ts';
import { observeMembership } from './observe-membership.ts';

export const removeHost = defineOperation({
  key: 'HostSystem.destroy',
  label: 'Remove host',
  input: hostInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const facts = await observeMembership(tx, { hostId, clusterId: null });
    return { target: facts.host, facts };
  },
  privileges: ({ facts: { host, source } }) => [
    { privilege: 'Host.Inventory.RemoveHostFromCluster', objectId: source?.id ?? host.id },
  ],
  judge: ({ facts }) => judgeRemoveHost(facts),
});
