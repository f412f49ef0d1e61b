// What the database keeps of a failover: its row among the recoveries, under the id of the VM that
// it makes, and the mark on the VM that it replaces. A state is written when the step before it is
// done for good.
import { assert } from '../../base/assert.ts';
import { Fault } from '../../model/fault.ts';
import type { VmFacts } from '../../rules/facts.ts';
import {
  FAILOVER_STATES,
  type FailoverState,
  type FailoverStep,
  nextFailoverState,
} from '../../rules/replication/failover.ts';
import { recordChanges } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma, Recovery } from '../database/generated/client.ts';

/** Null: the recovery is none of a failover. */
export function failoverStateOf({ failover }: Pick<Recovery, 'failover'>): FailoverState | null {
  return FAILOVER_STATES.find((state) => state === failover) ?? null;
}

/** The failover that replaced the VM; null when none did. */
export async function findFailoverOf(
  tx: DatabaseTransaction,
  { replacedById }: { replacedById: string | null },
): Promise<Recovery | null> {
  if (replacedById === null) return null;
  return tx.recovery.findUnique({ where: { vmId: replacedById } });
}

/**
 * The VM without the mark of a failover that has failed, whose VM is gone, and that could not be
 * taken back because the source's host was lost: another one may be tried.
 */
export async function withoutLostMark(tx: DatabaseTransaction, vm: VmFacts): Promise<VmFacts> {
  if (!vm.replacedBy) return vm;
  const { id } = vm.replacedBy;
  const row = await tx.recovery.findUnique({ where: { vmId: id } });
  if (row?.failover !== 'failed') return vm;
  const isThere = (await tx.vm.count({ where: { id } })) > 0;
  return isThere ? vm : { ...vm, replacedBy: null };
}

/**
 * Writes that the step was done, once: a run before this one may have written it. Throws
 * `InvalidState` when the failover is elsewhere by now.
 */
export async function writeStep(
  tx: DatabaseTransaction,
  { vmId, from, step }: { vmId: string; from: FailoverState; step: FailoverStep },
  data: Prisma.RecoveryUpdateInput = {},
): Promise<void> {
  const next = nextFailoverState(from, step);
  assert(next !== null, `"${step}" is a step of the state "${from}"`);
  const row = await tx.recovery.findUniqueOrThrow({ where: { vmId } });
  if (row.failover === next && next !== from) return;
  if (row.failover !== from) {
    const message = `The failover of ${row.sourceName} is “${row.failover}” by now, not “${from}”.`;
    throw new Fault('InvalidState', message);
  }
  await tx.recovery.update({ where: { vmId }, data: { ...data, failover: next } });
  await recordFailover(tx, row);
}

/** Views of both VMs show it. */
export async function recordFailover(
  tx: DatabaseTransaction,
  { vmId, sourceId }: Pick<Recovery, 'vmId' | 'sourceId'>,
): Promise<void> {
  await recordChanges(tx, [
    { object: vmId, path: 'replacedBy' },
    { object: sourceId, path: 'replacedBy' },
  ]);
}
