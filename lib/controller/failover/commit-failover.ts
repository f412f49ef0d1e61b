// Commit failover: what stands in for the VM stays for good. The VM that was replaced is kept,
// powered off, or deleted; what stands in for it may be replicated from then on.
import type { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { type CommitFacts, judgeCommit } from '../../rules/replication/failover.ts';
import { commitFailoverSchema } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recovery } from '../database/generated/client.ts';
import { findTarget } from '../replication/targets.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVm } from '../vms/vm-store.ts';
import { observeDecision } from './undo-failover.ts';

const commitInputSchema = commitFailoverSchema.extend({ sourceId: objectIdSchema });
export type CommitFailoverInput = z.infer<typeof commitInputSchema>;

export interface ObservedCommit {
  target: { id: string; name: string };
  row: Recovery | null;
  facts: CommitFacts;
}

export const commitFailover = defineOperation<CommitFailoverInput, ObservedCommit>({
  key: 'ReplicationManager.commitFailover',
  label: 'Commit failover',
  input: commitInputSchema,
  cancelable: false,
  observe: observeCommit,
  privileges: ({ row }, { sourceId, deleteSource, protectTargetId }) => [
    { privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: sourceId },
    ...(deleteSource
      ? [{ privilege: 'VirtualMachine.Inventory.Delete' as const, objectId: sourceId }]
      : []),
    ...(protectTargetId !== null && row !== null
      ? [{ privilege: 'VirtualMachine.Hbr.ConfigureReplication' as const, objectId: row.vmId }]
      : []),
  ],
  judge: ({ facts }) => judgeCommit(facts),
});

async function observeCommit(
  tx: DatabaseTransaction,
  { sourceId, deleteSource, protectTargetId }: CommitFailoverInput,
): Promise<ObservedCommit> {
  const { target, row, facts } = await observeDecision(tx, sourceId);
  if (protectTargetId !== null) await findTarget(tx, protectTargetId);
  const source = await findVm(tx, sourceId);
  const disks = row ? await tx.disk.findMany({ where: { vmId: row.vmId } }) : [];
  return {
    ...{ target, row },
    facts: {
      ...{ ...facts, deleteSource, protect: protectTargetId !== null },
      isCopied: disks.length > 0 && disks.every(({ path }) => !path.includes('/moment/')),
      withoutPolicy: source.disks
        .filter(({ policyId }) => policyId === null)
        .map(({ label }) => label),
    },
  };
}
