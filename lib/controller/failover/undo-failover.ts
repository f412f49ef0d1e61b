// Undo failover: what stands in for the VM goes, with all that was written to it, and the VM may
// run again.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { type DecisionFacts, judgeUndo } from '../../rules/replication/failover.ts';
import { undoFailoverSchema } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recovery } from '../database/generated/client.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVm, findVmFacts } from '../vms/vm-store.ts';
import { failoverStateOf, findFailoverOf } from './failover-store.ts';

const undoInputSchema = undoFailoverSchema.extend({ sourceId: objectIdSchema });
export type UndoFailoverInput = z.infer<typeof undoInputSchema>;

export interface ObservedDecision {
  target: { id: string; name: string };
  row: Recovery | null;
  facts: DecisionFacts;
}

export const undoFailover = defineOperation<UndoFailoverInput, ObservedDecision>({
  key: 'ReplicationManager.undoFailover',
  label: 'Undo failover',
  input: undoInputSchema,
  cancelable: false,
  observe: (tx, { sourceId }) => observeDecision(tx, sourceId),
  privileges: ({ row }, { sourceId, powerOn }) => [
    { privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: sourceId },
    { privilege: 'VirtualMachine.Inventory.Delete', objectId: row?.vmId ?? sourceId },
    ...(powerOn
      ? [{ privilege: 'VirtualMachine.Interact.PowerOn' as const, objectId: sourceId }]
      : []),
  ],
  judge: ({ facts }) => judgeUndo(facts),
});

/** `NotFound` when there is no such VM. */
export async function observeDecision(
  tx: DatabaseTransaction,
  sourceId: string,
): Promise<ObservedDecision> {
  const source = await findVm(tx, sourceId);
  const vm = await findVmFacts(tx, sourceId);
  const row = await findFailoverOf(tx, source);
  // Parts of the decision itself run on what stands in for it.
  const mine = await tx.task.findMany({
    where: { targetId: sourceId, state: { in: ['queued', 'running'] } },
    select: { id: true },
  });
  const busy =
    row &&
    (await tx.task.findFirst({
      where: {
        ...{ targetId: row.vmId, state: { in: ['queued', 'running'] } },
        OR: [{ parentId: null }, { parentId: { notIn: mine.map(({ id }) => id) } }],
      },
      select: { label: true },
    }));
  return {
    ...{ target: { id: source.id, name: source.name }, row },
    facts: {
      ...{ vm, host: await findHostFacts(tx, vm.hostId) },
      ...{ state: row && failoverStateOf(row), busy: busy?.label ?? null },
    },
  };
}
