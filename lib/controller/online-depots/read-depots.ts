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

/** By URL; one of them when its id is given. Four queries, whatever their number. */
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
  return depots.map(({ offers, ...depot }) => {
    const inProgress = busy.get(depot.id);
    const idle = verdictOf([...missing, ...(inProgress ? [inProgress] : [])]);
    return {
      ...{ id: depot.id, url: depot.url, intervalMinutes: depot.intervalMinutes },
      state: onlineDepotStateSchema.parse(depot.state),
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
