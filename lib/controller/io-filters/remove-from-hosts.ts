// Removes a cluster's filter from hosts; when none has it any more, the cluster forgets it.
import { removeVib } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { ClusterFilter, Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { performOnHosts, stateChanges } from './host-work.ts';

export async function removeFromHosts(
  context: TaskContext,
  filter: ClusterFilter,
  hosts: Host[],
): Promise<void> {
  const { filterId, clusterId } = filter;
  const { taskId, initiator } = context;
  await transact(context.db, async (tx) => {
    for (const { id: hostId } of hosts) {
      await writeState(tx, { hostId, filterId, state: 'removing', fault: null });
    }
    await recordChanges(tx, hosts.flatMap(stateChanges));
  });
  await performOnHosts(context, {
    filterId,
    hosts,
    verb: `Removing ${filter.name}`,
    async perform(host) {
      for (const present of await findVersions(context, host, filter)) {
        const input = { operationKey: `${taskId}:remove:${host.id}:${present}`, vibId: present };
        await callOperation(context, { host, rpc: removeVib, input });
      }
    },
    async succeed(tx, host) {
      await tx.hostFilterState.deleteMany({ where: { hostId: host.id, filterId } });
      await postEvent(tx, {
        type: 'IoFilterUninstalledEvent',
        severity: 'info',
        message: `The I/O filter ${filter.name} ${filter.version} was removed from ${host.name}.`,
        objects: [host.id, clusterId],
        initiator,
        taskId,
      });
    },
  });
  await transact(context.db, async (tx) => {
    const left = await tx.hostFilterState.count({ where: { filterId, host: { clusterId } } });
    if (left === 0) await tx.clusterFilter.deleteMany({ where: { clusterId, filterId } });
    await recordChange(tx, { object: clusterId, path: 'filters' });
  });
}

/** VIBs that bring the filter: where an upgrade failed it is still the older version. */
async function findVersions(
  { db }: TaskContext,
  { id: hostId }: Host,
  { name: filterName, vendor, vibId }: ClusterFilter,
): Promise<string[]> {
  const vibs = await db.hostVib.findMany({ where: { hostId, filterName, vendor } });
  return [...new Set([vibId, ...vibs.map((vib) => vib.vibId)])];
}
