// Removes a host: its filters go with it when it answers, its row goes in any case.
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { HostInput } from '../hosts/enter-maintenance.ts';
import { forgetObject } from '../objects/forget-object.ts';
import { dropPools } from '../resource-pools/pool-store.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { leaveFilters } from './leave-filters.ts';
import { removeHost } from './remove-host.ts';

export const performRemoveHost: TaskHandler<HostInput> = async (context, input) => {
  const { db, initiator, taskId } = context;
  const { hostId } = input;
  const host = await db.host.findUnique({ where: { id: hostId } });
  // A run before this one has removed it.
  if (!host) return undefined;
  requireAllowed(removeHost.judge(await removeHost.observe(db, input), input));
  if (host.connectionState === 'connected') await leaveFilters(context, host, null);
  await transact(db, async (tx) => {
    requireAllowed(removeHost.judge(await removeHost.observe(tx, input), input));
    const mounts = await tx.hostDatastore.findMany({ where: { hostId } });
    await tx.recommendation.deleteMany({
      where: { OR: [{ fromHostId: hostId }, { toHostId: hostId }] },
    });
    await dropPools(tx, { hostId });
    await tx.host.delete({ where: { id: hostId } });
    await forgetObject(tx, hostId);
    const parent = host.clusterId ?? host.folderId ?? host.datacenterId;
    await postEvent(tx, {
      ...{ type: 'HostRemovedEvent', severity: 'info', initiator, taskId },
      message: `${host.name} was removed from the inventory.`,
      objects: [hostId, parent],
    });
    await recordChanges(tx, [
      { object: hostId, path: 'deleted' },
      { object: parent, path: 'hosts' },
      ...mounts.map(({ datastoreId }) => ({ object: datastoreId, path: 'hosts' })),
    ]);
  });
  return undefined;
};
