// The online depots with what they offer and how their last synchronisation ended.
import { faultRecordSchema } from '../../model/task.ts';
import { verdictOf } from '../../model/verdict.ts';
import {
  type OnlineDepotView,
  onlineDepotStateSchema,
} from '../../wire/api/resources/online-depots.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { missingPrivilegeReasons } from '../permissions/missing-privileges.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { DEPOT_PRIVILEGES } from './sync-depot.ts';

/** By URL; one of them when its id is given. Five queries at most, whatever their number. */
export async function readOnlineDepots(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id?: string,
): Promise<OnlineDepotView[]> {
  const [depots, missing] = await Promise.all([
    db.onlineDepot.findMany({
      ...(id === undefined ? {} : { where: { id } }),
      include: { offers: { select: { offered: true } } },
      orderBy: { url: 'asc' },
    }),
    missingPrivilegeReasons(db, caller, DEPOT_PRIVILEGES),
  ]);
  const ids = depots.map((depot) => depot.id);
  const [busy, tasks] = await Promise.all([
    readRunningTaskReasons(db, ids),
    db.task.findMany({
      where: { targetId: { in: ids }, state: { in: ['queued', 'running'] } },
      select: { id: true, targetId: true },
    }),
  ]);
  const taskOf = new Map(tasks.map((task) => [task.targetId, task.id]));
  const givenUp = await findGivenUp(
    db,
    depots.filter(({ id }) => !taskOf.has(id)),
  );
  return depots.map(({ offers, ...depot }) => {
    const inProgress = busy.get(depot.id);
    const idle = verdictOf([...missing, ...(inProgress ? [inProgress] : [])]);
    return {
      ...{ id: depot.id, url: depot.url, intervalMinutes: depot.intervalMinutes },
      state: givenUp.has(depot.id) ? 'failed' : onlineDepotStateSchema.parse(depot.state),
      fault: faultRecordSchema.nullable().parse(depot.fault),
      lastSyncAt: depot.lastSyncAt?.toISOString() ?? null,
      lastGoodAt: depot.lastGoodAt?.toISOString() ?? null,
      nextSyncAt: depot.nextSyncAt?.toISOString() ?? null,
      ...{ addedAt: depot.addedAt.toISOString(), addedBy: depot.addedBy },
      vibsOffered: offers.filter(({ offered }) => offered).length,
      vibsKept: offers.filter(({ offered }) => !offered).length,
      taskId: taskOf.get(depot.id) ?? null,
      actions: { sync: idle, change: verdictOf(missing), remove: idle },
    };
  });
}

/**
 * Those whose synchronisation ended without a word: its task was given up, or could not write.
 * Asked again, for one that ended since the depots were read said so before its task ended.
 */
async function findGivenUp(
  db: DatabaseTransaction,
  idle: readonly { id: string; state: string }[],
): Promise<Set<string>> {
  const state = 'synchronizing';
  const ids = idle.filter((depot) => depot.state === state).map(({ id }) => id);
  if (ids.length === 0) return new Set();
  const left = await db.onlineDepot.findMany({
    where: { id: { in: ids }, state },
    select: { id: true },
  });
  return new Set(left.map(({ id }) => id));
}
