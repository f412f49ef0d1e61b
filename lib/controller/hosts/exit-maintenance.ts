// Exit maintenance mode.
import { judgeExitMaintenance } from '../../rules/host-state.ts';
import { defineOperation } from '../tasks/operation.ts';
import { hostInputSchema } from './enter-maintenance.ts';
import { findHostFacts } from './host-store.ts';

export const exitMaintenance = defineOperation({
  key: 'HostSystem.exitMaintenanceMode',
  label: 'Exit maintenance mode',
  input: hostInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const host = await findHostFacts(tx, hostId);
    return { target: host, host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Maintenance', objectId: hostId }],
  judge: ({ host }) => judgeExitMaintenance(host),
});
