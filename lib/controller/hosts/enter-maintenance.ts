// Enter maintenance mode: the host's powered-on VMs move to compatible hosts, and no VM comes to it
// any more.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeEnterMaintenance, type MaintenanceFacts } from '../../rules/host-state.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readClusterFacts, readHostFacts, readVmFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findHostFacts } from './host-store.ts';

export const hostInputSchema = z.object({ hostId: objectIdSchema });
export type HostInput = z.infer<typeof hostInputSchema>;

export const enterMaintenance = defineOperation({
  key: 'HostSystem.enterMaintenanceMode',
  label: 'Enter maintenance mode',
  input: hostInputSchema,
  cancelable: true,
  async observe(tx, { hostId }) {
    const facts = await observeMaintenance(tx, hostId);
    return { ...facts, target: facts.host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Maintenance', objectId: hostId }],
  judge: (facts) => judgeEnterMaintenance(facts),
});

export async function observeMaintenance(
  tx: DatabaseTransaction,
  hostId: string,
): Promise<MaintenanceFacts> {
  const host = await findHostFacts(tx, hostId);
  const vms = await readVmFacts(tx, { hostId });
  if (host.clusterId === null) return { host, others: [], drsEnabled: false, vms };
  const [cluster] = await readClusterFacts(tx, { id: host.clusterId });
  const others = await readHostFacts(tx, { clusterId: host.clusterId, id: { not: hostId } });
  return { host, others, drsEnabled: cluster?.drs.enabled ?? false, vms };
}
