// The moments of a VM's copies on a line: how much was written when, and moments with names.
import type { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { queryWriteRate } from '../../wire/agent/target-rpc.ts';
import { addBookmarkSchema, type timelineViewSchema } from '../../wire/api/replication.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { findVm } from '../vms/vm-store.ts';
import { commonWindow, nameOf, readCopies } from './read-vm-replication.ts';
import { replicaIdOf } from './replicated-disks.ts';
import { callTarget } from './target-connection.ts';
import { openTarget } from './targets.ts';

type Timeline = z.infer<typeof timelineViewSchema>;

interface Span {
  from?: string | undefined;
  to?: string | undefined;
  buckets: number;
}

/** Over all its disks together. Throws `HostNotReachable` when a target does not answer. */
export async function readTimeline(
  { db, sealer }: { db: Database; sealer: Sealer },
  vmId: string,
  { buckets, ...asked }: Span,
): Promise<Timeline> {
  const vm = await findVm(db, vmId);
  const copies = (await readCopies(db, vm)).filter(({ report }) => report !== null);
  const window = commonWindow(copies.map(({ view }) => view));
  const from = asked.from ?? window.windowFrom;
  const to = asked.to ?? window.windowTo;
  if (from === null || to === null) return { buckets: [] };
  const total: Timeline['buckets'] = [];
  const targets = new Map(copies.flatMap(({ target }) => (target ? [[target.id, target]] : [])));
  for (const target of targets.values()) {
    const diskIds = copies
      .filter((copy) => copy.target?.id === target.id)
      .map(({ disk }) => replicaIdOf(nameOf(vm, disk)));
    const span = { fromUs: Date.parse(from) * 1000, toUs: Date.parse(to) * 1000, buckets };
    const open = openTarget(sealer, target);
    const answer = await callTarget(open, queryWriteRate, { diskIds, ...span });
    answer.buckets.forEach(({ fromUs, writes, bytes }, index) => {
      const at = new Date(fromUs / 1000).toISOString();
      const known = total[index] ?? { at, writes: 0, bytes: 0 };
      total[index] = { at, writes: known.writes + writes, bytes: known.bytes + bytes };
    });
  }
  return { buckets: total };
}

/** A name for a moment of all disks; `DuplicateName` when the VM has one of that name. */
export async function addBookmark(
  { db, caller, now }: { db: Database; caller: Caller; now: number },
  vmId: string,
  input: unknown,
): Promise<void> {
  const { name, at } = parseInput(addBookmarkSchema, input);
  await transact(db, async (tx) => {
    const privilege = 'VirtualMachine.Hbr.ReplicaManagement' as const;
    await requirePrivileges(tx, caller, [{ privilege, objectId: vmId }]);
    const vm = await findVm(tx, vmId);
    if ((await readCopies(tx, vm)).length === 0) {
      throw new Fault('InvalidState', `${vm.name} is not replicated.`);
    }
    const where = { vmId_name: { vmId, name } };
    if (await tx.replicationBookmark.findUnique({ where })) {
      throw new Fault('DuplicateName', `${vm.name} has a bookmark ${name} already.`);
    }
    const moment = new Date(at ?? now);
    await tx.replicationBookmark.create({
      data: { vmId, name, at: moment, createdBy: caller.name },
    });
    await postEvent(tx, {
      type: 'ReplicationBookmarkEvent',
      severity: 'info',
      message: `${caller.name} named a moment of ${vm.name}: ${name}, ${moment.toISOString()}.`,
      objects: [vmId],
      initiator: caller.name,
    });
    await recordChange(tx, { object: vmId, path: 'bookmarks' });
  });
}
