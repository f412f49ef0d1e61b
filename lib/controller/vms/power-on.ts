// Power On virtual machine.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { type PowerOnFacts, planPowerOn } from '../../rules/power.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHaConfig } from '../ha/ha-store.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { readClusterFacts, readHostFacts } from '../inventory/read-facts.ts';
import { observePools } from '../resource-pools/pool-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts } from './vm-store.ts';

const powerOnInputSchema = z.object({ vmId: objectIdSchema });
export type PowerOnInput = z.infer<typeof powerOnInputSchema>;

export const powerOn = defineOperation({
  key: 'VirtualMachine.powerOn',
  label: 'Power On virtual machine',
  input: powerOnInputSchema,
  cancelable: false,
  async observe(tx, { vmId }) {
    const facts = await observePowerOn(tx, vmId);
    return { ...facts, target: facts.vm };
  },
  privileges: (_, { vmId }) => [{ privilege: 'VirtualMachine.Interact.PowerOn', objectId: vmId }],
  judge: (facts) => planPowerOn(facts).verdict,
});

export async function observePowerOn(tx: DatabaseTransaction, vmId: string): Promise<PowerOnFacts> {
  const vm = await findVmFacts(tx, vmId);
  const host = await findHostFacts(tx, vm.hostId);
  const pools = await observePools(tx, vmId);
  if (host.clusterId === null) return { vm, host, others: [], drs: null, pools };
  const [cluster] = await readClusterFacts(tx, { id: host.clusterId });
  const others = await readHostFacts(tx, { clusterId: host.clusterId, id: { not: host.id } });
  const ha = await findHaConfig(tx, host.clusterId);
  return { vm, host, others, drs: cluster?.drs ?? null, ha, pools };
}
