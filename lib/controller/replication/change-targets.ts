// What an administrator does with replication targets: pair, rename, ask, remove.
import type { Clock } from '../../base/clock.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { endPairing } from '../../wire/agent/target-rpc.ts';
import { pairTargetSchema, renameTargetSchema } from '../../wire/api/replication.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import type { ReplicationTarget } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { readSendingDisks } from './replicated-disks.ts';
import { callTarget, pairWithTarget } from './target-connection.ts';
import { findTarget, openTarget, sealTargetKey } from './targets.ts';
import { askTarget } from './watch-targets.ts';

export interface TargetAdministration {
  db: Database;
  caller: Caller;
  sealer: Sealer;
  clock: Clock;
}

/**
 * Returns its id. `DuplicateName`, `NoPermission`, and `HostNotReachable` also for a wrong code.
 */
export async function pairTarget(on: TargetAdministration, input: unknown): Promise<string> {
  const { name, address, port, code } = parseInput(pairTargetSchema, input);
  await mayManage(on.db, on.caller);
  await requireFreeName(on.db, name);
  // Before the transaction: a code is good once, and a target may take its time.
  const pairing = await pairWithTarget({ address, port }, code);
  const id = await transact(on.db, async (tx) => {
    await requireFreeName(tx, name);
    const created = await allocateId(tx, 'replicationTarget');
    const sealedKey = sealTargetKey(on.sealer, pairing.key);
    const place = { address, port, pairing: pairing.id, sealedKey };
    await tx.replicationTarget.create({
      data: { id: created, name, ...place, createdBy: on.caller.name },
    });
    const message = `${on.caller.name} paired with the replication target ${name}.`;
    await announce(tx, on.caller, { id: created, message });
    return created;
  });
  await askTarget(on, await findTarget(on.db, id));
  return id;
}

export async function renameTarget(
  on: TargetAdministration,
  id: string,
  input: unknown,
): Promise<void> {
  const { name } = parseInput(renameTargetSchema, input);
  await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller);
    const before = await findTarget(tx, id);
    if (before.name === name) return;
    await requireFreeName(tx, name);
    await tx.replicationTarget.update({ where: { id }, data: { name } });
    const message = `${on.caller.name} renamed the replication target ${before.name} to ${name}.`;
    await announce(tx, on.caller, { id, message });
  });
}

/** Asks it now, and keeps the answer. */
export async function checkTarget(
  on: TargetAdministration,
  id: string,
): Promise<{ ok: boolean; message: string }> {
  await mayManage(on.db, on.caller);
  const target = await findTarget(on.db, id);
  const trouble = await askTarget(on, target);
  if (trouble !== '') return { ok: false, message: trouble };
  return { ok: true, message: `The replication target ${target.name} answers.` };
}

/** The copies stay at the target. `ResourceInUse` names each disk that sends to it. */
export async function removeTarget(on: TargetAdministration, id: string): Promise<void> {
  const target = await transact(on.db, async (tx) => {
    await mayManage(tx, on.caller);
    const found = await findTarget(tx, id);
    const reasons = await targetUses(tx, found);
    const [first] = reasons;
    if (first) throw new Fault('ResourceInUse', first.message, { reasons });
    await tx.replicationTarget.delete({ where: { id } });
    const message = `${on.caller.name} removed the replication target ${found.name}.`;
    await announce(tx, on.caller, { id, message });
    return found;
  });
  try {
    await callTarget(openTarget(on.sealer, target), endPairing, {});
  } catch (error) {
    // A target that is away keeps a pairing that nobody has the key of any more.
    if (!(error instanceof Fault)) throw error;
  }
}

/** Every reason not to remove it: disks that send to it, and VMs that are served from it. */
export async function targetUses(
  db: DatabaseTransaction,
  { id, name, pairing }: ReplicationTarget,
): Promise<Reason[]> {
  const disks = (await readSendingDisks(db)).filter((disk) => disk.pairing === pairing);
  const recoveries = await db.recovery.findMany({
    where: {
      targetId: id,
      OR: [
        { state: { in: ['preparing', 'serving', 'copying'] } },
        // Whether the source may run stands with it.
        { vmId: { in: await readStandInIds(db) }, failover: { not: 'committed' } },
      ],
    },
    orderBy: { vmName: 'asc' },
  });
  return [
    ...disks.map(({ vmId, vmName, diskLabel }) => ({
      fault: 'ResourceInUse' as const,
      message: `${diskLabel} of ${vmName} is replicated to ${name}.`,
      remedy: 'Take the storage policy from the disk first, or one without replication.',
      objects: [vmId],
    })),
    ...recoveries.map(({ vmId, vmName }) => ({
      fault: 'ResourceInUse' as const,
      message: `${vmName} is made of copies at ${name}, or reads from there.`,
      remedy: 'Wait until its disks are copied, end the test, or decide about the failover.',
      objects: [vmId],
    })),
  ];
}

/** Of the VMs that stand in for others since a failover. */
async function readStandInIds(db: DatabaseTransaction): Promise<string[]> {
  const replaced = await db.vm.findMany({
    where: { replacedById: { not: null } },
    select: { replacedById: true },
  });
  return replaced.flatMap(({ replacedById }) => replacedById ?? []);
}

async function requireFreeName(db: DatabaseTransaction, name: string): Promise<void> {
  if (!(await db.replicationTarget.findUnique({ where: { name } }))) return;
  throw new Fault('DuplicateName', `There is a replication target named ${name} already.`);
}

async function mayManage(tx: DatabaseTransaction, caller: Caller): Promise<void> {
  const wanted = { privilege: 'Host.Hbr.HbrManagement', objectId: ROOT_FOLDER_ID } as const;
  await requirePrivileges(tx, caller, [wanted]);
}

async function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  { id, message }: { id: string; message: string },
): Promise<void> {
  await postEvent(tx, {
    type: 'ReplicationTargetChangedEvent',
    severity: 'info',
    message,
    objects: [id],
    initiator: caller.name,
  });
  await recordChange(tx, { object: id, path: 'replicationTarget' });
}
