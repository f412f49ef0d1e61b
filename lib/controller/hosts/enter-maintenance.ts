// Enter maintenance mode: the host's VMs, those that are on or all of them, move to compatible
// hosts, and no VM comes to it any more.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { judgeEnterMaintenance, type MaintenanceFacts } from '../../rules/host-state.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readClusterFacts, readHostFacts, readVmFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findHostFacts } from './host-store.ts';

export const hostInputSchema = z.object({ hostId: objectIdSchema });
export type HostInput = z.infer<typeof hostInputSchema>;

const enterInputSchema = hostInputSchema.extend({
  /** As in HostSystem.enterMaintenanceMode: also move VMs that are off or suspended. */
  evacuatePoweredOffVms: z.boolean().optional(),
  /** What cannot leave by then fails the task; left out: half an hour. */
  timeoutSeconds: z.number().int().positive().optional(),
});
export type EnterMaintenanceInput = z.infer<typeof enterInputSchema>;

export const enterMaintenance = defineOperation({
  key: 'HostSystem.enterMaintenanceMode',
  label: 'Enter maintenance mode',
  input: enterInputSchema,
  cancelable: true,
  async observe(tx, input) {
    const facts = await observeMaintenance(tx, input);
    return { ...facts, target: facts.host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Maintenance', objectId: hostId }],
  judge: (facts) => judgeEnterMaintenance(facts),
});

export async function observeMaintenance(
  tx: DatabaseTransaction,
  { hostId, evacuatePoweredOffVms = false }: EnterMaintenanceInput,
): Promise<MaintenanceFacts> {
  const host = await findHostFacts(tx, hostId);
  const vms = await readVmFacts(tx, { hostId });
  const alone = { host, others: [], drsEnabled: false, vms, evacuatePoweredOffVms };
  if (host.clusterId === null) return alone;
  const [cluster] = await readClusterFacts(tx, { id: host.clusterId });
  const others = await readHostFacts(tx, { clusterId: host.clusterId, id: { not: hostId } });
  return { ...alone, others, drsEnabled: cluster?.drs.enabled ?? false };
}
