// Moves a host: first the filters that it does not keep go, then it is in the other cluster, then
// it gets that one's filters. What fails after the move is an issue of the host, for Resolve.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { ClusterFilter, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { findHost } from '../hosts/host-store.ts';
import { installOnHosts } from '../io-filters/install-on-hosts.ts';
import { upgradeOnHosts } from '../io-filters/upgrade-on-hosts.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import { dropPools } from '../resource-pools/pool-store.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { leaveFilters } from './leave-filters.ts';
import { type MoveHostInput, moveHost } from './move-host.ts';

const checkpointSchema = z.object({ moved: z.literal(true) });

export const performMoveHost: TaskHandler<MoveHostInput> = async (context, input) => {
  const { hostId, clusterId } = input;
  if (!context.checkpoint(checkpointSchema)) {
    requireAllowed(moveHost.judge(await moveHost.observe(context.db, input), input));
    await leaveFilters(context, await findHost(context.db, hostId), clusterId);
    await move(context, input);
  }
  if (clusterId === null) return undefined;
  const filters = await context.db.clusterFilter.findMany({
    where: { clusterId, opType: { not: 'uninstall' } },
    orderBy: { name: 'asc' },
  });
  const host = await findHost(context.db, hostId);
  const failures: Fault[] = [];
  for (const filter of filters) {
    const failure = await give(context, filter, host);
    if (failure) failures.push(failure);
  }
  const [first] = failures;
  if (first) {
    const reasons = failures.flatMap((failure) => failure.reasons);
    throw new Fault(first.fault, first.message, { reasons });
  }
  return undefined;
};

function move(context: TaskContext, input: MoveHostInput): Promise<void> {
  const { hostId, clusterId } = input;
  return transact(context.db, async (tx) => {
    const observed = await moveHost.observe(tx, input);
    requireAllowed(moveHost.judge(observed, input));
    const { host, source, target } = observed.move;
    await dropPools(tx, { hostId });
    await tx.host.update({ where: { id: hostId }, data: { clusterId, folderId: null } });
    await tx.recommendation.deleteMany({
      where: { state: 'pending', OR: [{ fromHostId: hostId }, { toHostId: hostId }] },
    });
    await tx.hostFilterState.deleteMany({ where: { hostId } });
    const filters = await tx.clusterFilter.findMany({
      where: { clusterId: clusterId ?? '', opType: { not: 'uninstall' } },
    });
    for (const { filterId } of filters) {
      await writeState(tx, { hostId, filterId, state: 'pending', fault: null });
    }
    const clusters = [source, target].flatMap((cluster) => (cluster ? [cluster.id] : []));
    await postEvent(tx, {
      type: 'HostMovedEvent',
      severity: 'info',
      message: target
        ? `${host.name} was moved into ${target.name}.`
        : `${host.name} was moved out of ${source?.name ?? 'its cluster'}.`,
      objects: [hostId, ...clusters],
      initiator: context.initiator,
      taskId: context.taskId,
    });
    await tx.task.update({ where: { id: context.taskId }, data: { checkpoint: { moved: true } } });
    await recordChanges(tx, [
      { object: hostId, path: 'cluster' },
      ...clusters.map((object) => ({ object, path: 'hosts' })),
    ]);
  });
}

/** Null when it is there now. */
async function give(
  context: TaskContext,
  filter: ClusterFilter,
  host: Host,
): Promise<Fault | null> {
  try {
    if (filter.opType === 'upgrade') await upgradeOnHosts(context, { filter, hosts: [host] });
    else await installOnHosts(context, filter, [host]);
    return null;
  } catch (error) {
    if (!(error instanceof Fault) || context.signal.aborted) throw error;
    return error;
  }
}
