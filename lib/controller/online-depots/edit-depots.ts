// Adds an online depot, changes how often it is synchronised, and removes it.
import type { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { ONLINE_DEPOTS_MAX } from '../../model/limits.ts';
import type { onlineDepotSchema } from '../../wire/api/resources/online-depots.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { DEPOT_PRIVILEGES, findOnlineDepot } from './sync-depot.ts';

export interface EditDepotParts {
  db: Database;
  clock: Clock;
  caller: Caller;
}

/** Returns its id. `AlreadyExists`, `InvalidArgument`, `InvalidState` when there are too many. */
export async function addOnlineDepot(
  { db, clock, caller }: EditDepotParts,
  { url: given, intervalMinutes }: z.output<typeof onlineDepotSchema>,
): Promise<string> {
  const url = cleanUrl(given);
  return transact(db, async (tx) => {
    await requirePrivileges(tx, caller, DEPOT_PRIVILEGES);
    const id = await allocateId(tx, 'onlineDepot');
    if (await tx.onlineDepot.findUnique({ where: { url } })) {
      throw new Fault('AlreadyExists', `${url} is an online depot already.`);
    }
    if ((await tx.onlineDepot.count()) >= ONLINE_DEPOTS_MAX) {
      throw new Fault('InvalidState', `There can be ${ONLINE_DEPOTS_MAX} online depots at most.`);
    }
    const nextSyncAt = nextSync(clock, intervalMinutes);
    const addedBy = caller.name;
    await tx.onlineDepot.create({ data: { id, url, intervalMinutes, nextSyncAt, addedBy } });
    await recordChange(tx, { object: id, path: 'created' });
    await tell(tx, caller, { id, message: `${caller.name} added the online depot ${url}.` });
    return id;
  });
}

export async function changeOnlineDepot(
  { db, clock, caller }: EditDepotParts,
  { id, intervalMinutes }: { id: string; intervalMinutes: number },
): Promise<void> {
  await transact(db, async (tx) => {
    await requirePrivileges(tx, caller, DEPOT_PRIVILEGES);
    const { url } = await findOnlineDepot(tx, id);
    const data = { intervalMinutes, nextSyncAt: nextSync(clock, intervalMinutes) };
    await tx.onlineDepot.update({ where: { id }, data });
    await recordChange(tx, { object: id, path: 'intervalMinutes' });
    const how = intervalMinutes === 0 ? 'on demand alone' : `every ${intervalMinutes} minutes`;
    await tell(tx, caller, { id, message: `${url} is synchronized ${how}.` });
  });
}

/** Its VIBs stay in the depot. `NotFound`, `TaskInProgress` while it is synchronised. */
export async function removeOnlineDepot({ db, caller }: EditDepotParts, id: string): Promise<void> {
  await transact(db, async (tx) => {
    await requirePrivileges(tx, caller, DEPOT_PRIVILEGES);
    // As submitting does: no synchronisation begins beside this.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${id}))::text`;
    const { url } = await findOnlineDepot(tx, id);
    const busy = (await readRunningTaskReasons(tx, [id])).get(id);
    if (busy) throw new Fault(busy.fault, busy.message, { reasons: [busy] });
    await tx.onlineDepot.delete({ where: { id } });
    await recordChange(tx, { object: id, path: 'deleted' });
    await tell(tx, caller, { id, message: `${caller.name} removed the online depot ${url}.` });
  });
}

/** Passwords would stand where everybody reads them. */
function cleanUrl(given: string): string {
  const url = new URL(given);
  if (url.username !== '' || url.password !== '') {
    throw new Fault('InvalidArgument', 'The URL of a depot may hold no user name or password.');
  }
  url.hash = '';
  return url.href;
}

function nextSync(clock: Clock, intervalMinutes: number): Date | null {
  return intervalMinutes === 0 ? null : new Date(clock.now() + intervalMinutes * 60_000);
}

async function tell(
  tx: DatabaseTransaction,
  { name: initiator }: Caller,
  { id, message }: { id: string; message: string },
): Promise<void> {
  const objects = [id];
  await postEvent(tx, { type: 'OnlineDepotEvent', severity: 'info', message, objects, initiator });
}
