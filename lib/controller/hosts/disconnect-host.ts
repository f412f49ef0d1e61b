// Disconnect host: nobody follows it any more; its VMs run on.
import { judgeDisconnect } from '../../rules/host-state.ts';
import { defineOperation } from '../tasks/operation.ts';
import { hostInputSchema } from './enter-maintenance.ts';
import { findHostFacts } from './host-store.ts';

export const disconnectHost = defineOperation({
  key: 'HostSystem.disconnect',
  label: 'Disconnect host',
  input: hostInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const host = await findHostFacts(tx, hostId);
    return { target: host, host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Connection', objectId: hostId }],
  judge: ({ host }) => judgeDisconnect(host),
});
