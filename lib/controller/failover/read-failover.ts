// What the console shows of failovers: what stands in for a VM, each recovery as an auditor asks
// for it, and the verdicts on failing over, undoing and committing.
import { z } from 'zod';
import {
  failoverReasons,
  judgeCommit,
  judgeUndo,
  moveReasons,
} from '../../rules/replication/failover.ts';
import { lossSchema, type RecoveryView, type ReplicatedDisk } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';
import type { ActionFacts } from '../permissions/judge-actions.ts';
import { findVmFacts } from '../vms/vm-store.ts';
import { commitFailover } from './commit-failover.ts';
import { withoutLostMark } from './failover-store.ts';
import { observeDecision } from './undo-failover.ts';

const timesSchema = z.array(z.object({ timeUs: z.number() }));

export async function readStandIn(
  db: DatabaseTransaction,
  vmId: string,
): Promise<{ id: string; name: string } | null> {
  return (await findVmFacts(db, vmId)).replacedBy ?? null;
}

export async function failoverFacts(
  db: DatabaseTransaction,
  vmId: string,
  { disks, left }: { disks: readonly ReplicatedDisk[]; left: readonly string[] },
): Promise<Record<'failover' | 'move' | 'undo' | 'commit', ActionFacts>> {
  const { facts } = await observeDecision(db, vmId);
  const { vm, host } = facts;
  const wanted = [{ privilege: 'VirtualMachine.Hbr.ReplicaManagement', objectId: vmId } as const];
  const free = await withoutLostMark(db, vm);
  const reasons = failoverReasons({ source: vm, copies: disks, left, vm: free });
  const commit = await commitFailover.observe(db, {
    ...{ sourceId: vmId, deleteSource: false, protectTargetId: null },
  });
  return {
    failover: { wanted, reasons },
    move: { wanted, reasons: [...reasons, ...moveReasons({ vm, host, disks, at: null })] },
    undo: { wanted, reasons: judgeUndo(facts).reasons },
    commit: { wanted, reasons: judgeCommit(commit.facts).reasons },
  };
}

export function viewOfRecovery(
  row: Prisma.RecoveryGetPayload<{ include: { target: true } }>,
): RecoveryView {
  const { vmId, vmName, kind, state, failover, trouble, createdBy, decidedBy } = row;
  const times = timesSchema.parse(row.moments).map(({ timeUs }) => timeUs / 1000);
  const got = times.length === 0 ? null : new Date(Math.min(...times));
  return {
    ...{ vmId, vmName, kind, state, failover, trouble, createdBy, decidedBy },
    targetName: row.target.name,
    loss: row.loss === null ? null : lossSchema.parse(row.loss),
    momentAt: (got ?? row.momentAt)?.toISOString() ?? null,
    startedAt: row.startedAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    decidedAt: row.decidedAt?.toISOString() ?? null,
  };
}
