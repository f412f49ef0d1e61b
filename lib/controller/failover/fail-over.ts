// Fail over virtual machine: what is made of its copies stands in for it from then on, and it may
// not write any more. As a planned move it is powered off first, so that nothing is lost.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { type FailoverFacts, judgeFailover } from '../../rules/replication/failover.ts';
import { failOverVmSchema } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import type { DiskCopy } from '../replication/read-vm-replication.ts';
import { recoverVm } from '../replication/recover-vm.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVmFacts, type VmRow } from '../vms/vm-store.ts';
import { withoutLostMark } from './failover-store.ts';

const failOverInputSchema = failOverVmSchema.extend({
  /** Of the VM that is made; it is in the inventory when it is being recovered. */
  vmId: objectIdSchema,
  sourceId: objectIdSchema,
});
export type FailOverInput = z.infer<typeof failOverInputSchema>;

export interface ObservedFailover {
  target: { id: string; name: string };
  source: VmRow;
  copies: DiskCopy[];
  facts: FailoverFacts;
}

export const PLANNED_MOVE = {
  key: 'ReplicationManager.plannedMove',
  label: 'Planned move of virtual machine',
} as const;

export const failOverVm = defineOperation<FailOverInput, ObservedFailover>({
  key: 'ReplicationManager.failOverVm',
  label: 'Fail over virtual machine',
  input: failOverInputSchema,
  cancelable: false,
  observe: observeFailover,
  privileges: ({ source, facts: { destination, datastore } }) => [
    { privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: source.id },
    { privilege: 'VirtualMachine.Interact.PowerOff', objectId: source.id },
    { privilege: 'VirtualMachine.Inventory.CreateFromExisting', objectId: destination.id },
    { privilege: 'Resource.AssignVMToPool', objectId: destination.clusterId ?? destination.id },
    { privilege: 'Datastore.AllocateSpace', objectId: datastore.id },
  ],
  judge: ({ facts }) => judgeFailover(facts),
});

/** The recovery that is a step of it. */
export function recoveryOf({ kind: _, ...input }: FailOverInput) {
  return { ...input, kind: 'recover' as const };
}

async function observeFailover(
  tx: DatabaseTransaction,
  input: FailOverInput,
): Promise<ObservedFailover> {
  const { source, copies, facts } = await recoverVm.observe(tx, recoveryOf(input));
  const vm = await withoutLostMark(tx, await findVmFacts(tx, source.id));
  const host = await findHostFacts(tx, vm.hostId);
  return {
    ...{ target: { id: source.id, name: source.name }, source, copies },
    facts: {
      ...{ ...facts, kind: input.kind, vm, host },
      disks: copies.map(({ view: { label, state } }) => ({ label, state })),
    },
  };
}
