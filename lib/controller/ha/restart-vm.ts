// vSphere HA restarts a virtual machine of a host that has failed on another one. Part of a
// failover: nobody asks for it by itself.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { VmFacts } from '../../rules/facts.ts';
import { planRestarts } from '../../rules/ha/restarts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from '../vms/vm-store.ts';
import { type FailedHost, findFailedHost, readLostVms } from './ha-store.ts';

const restartVmInputSchema = z.object({ vmId: objectIdSchema, fromHostId: objectIdSchema });
export type RestartVmInput = z.infer<typeof restartVmInputSchema>;

export interface ObservedRestart {
  target: VmFacts;
  failed: FailedHost;
  verdict: Verdict;
  /** Where it shall run; null: nowhere. */
  toHostId: string | null;
}

export const restartVm = defineOperation({
  key: 'ClusterComputeResource.restartVm',
  label: 'vSphere HA restart of virtual machine',
  input: restartVmInputSchema,
  cancelable: false,
  observe: observeRestart,
  privileges: ({ failed }) => [
    { privilege: 'Host.Inventory.EditCluster', objectId: failed.cluster.id },
  ],
  judge: ({ verdict }) => verdict,
});

async function observeRestart(
  tx: DatabaseTransaction,
  { vmId, fromHostId }: RestartVmInput,
): Promise<ObservedRestart> {
  const target = await findVmFacts(tx, vmId);
  const failed = await findFailedHost(tx, fromHostId);
  if (!failed) {
    throw new Fault('NotFound', `vSphere HA does not watch the host ${fromHostId}.`);
  }
  const observed = { target, failed };
  const { host, isDown, others } = failed;
  if (!isDown) return { ...observed, ...refused(`${host.name} has not failed.`, host.id) };
  const lost = await readLostVms(tx, failed, vmId);
  if (lost.length === 0) {
    const message = `${target.name} is not lost with ${host.name}: it is elsewhere or off.`;
    return { ...observed, ...refused(message, vmId) };
  }
  const { restarts, waiting } = planRestarts(host, lost, others);
  const reasons = waiting.flatMap((each) => each.reasons);
  const toHostId = restarts[0]?.toHostId ?? null;
  return { ...observed, verdict: verdictOf(toHostId ? [] : reasons), toHostId };
}

function refused(message: string, objectId: string): Pick<ObservedRestart, 'verdict' | 'toHostId'> {
  const reason = { fault: 'InvalidState' as const, message, objects: [objectId] };
  return { verdict: verdictOf([reason]), toHostId: null };
}
