// Reconnect host: the controller follows it again.
import { judgeReconnect } from '../../rules/host-state.ts';
import { defineOperation } from '../tasks/operation.ts';
import { hostInputSchema } from './enter-maintenance.ts';
import { findHostFacts } from './host-store.ts';

export const reconnectHost = defineOperation({
  key: 'HostSystem.reconnect',
  label: 'Reconnect host',
  input: hostInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const host = await findHostFacts(tx, hostId);
    return { target: host, host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Connection', objectId: hostId }],
  judge: ({ host }) => judgeReconnect(host),
});
