// Upgrades a cluster's filter: from the start of the task on the cluster has the new version, and
// each host its state.
import { z } from 'zod';
import { assert } from '../../base/assert.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import { writeState } from '../reconciler/apply-filter-states.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findClusterFilter } from './cluster-filter-store.ts';
import { stateChanges } from './host-work.ts';
import { readFilter } from './install-io-filter.ts';
import { type UpgradeIoFilterInput, upgradeIoFilter } from './upgrade-io-filter.ts';
import { upgradeOnHosts } from './upgrade-on-hosts.ts';

const checkpointSchema = z.object({ filterId: z.string() });

export const performUpgradeIoFilter: TaskHandler<UpgradeIoFilterInput> = async (context, input) => {
  const { clusterId, hostsAtOnce } = input;
  const before = context.checkpoint(checkpointSchema);
  const filter = before
    ? await findClusterFilter(context.db, clusterId, before.filterId)
    : await begin(context, input);
  const { filterId } = filter;
  const isDone = { some: { filterId, state: 'installed' } };
  const hosts = await context.db.host.findMany({
    where: { clusterId, NOT: { filterStates: isDone } },
    orderBy: { name: 'asc' },
  });
  await upgradeOnHosts(context, { filter, hosts, hostsAtOnce });
  return { filterId };
};

/** Judges again and writes the new version, with the checkpoint in the same transaction. */
function begin(context: TaskContext, input: UpgradeIoFilterInput): Promise<ClusterFilter> {
  const { clusterId, filterId } = input;
  return transact(context.db, async (tx) => {
    const observed = await upgradeIoFilter.observe(tx, input);
    requireAllowed(upgradeIoFilter.judge(observed, input));
    const found = readFilter(observed.vib);
    assert(found, 'the judgement refuses a VIB without a filter');
    const { vibId, id: depotId } = observed.vib;
    const previousVersion = observed.upgrade.filter.version;
    const filter = await tx.clusterFilter.update({
      where: { clusterId_filterId: { clusterId, filterId } },
      data: { ...found, vibId, depotId, opType: 'upgrade', previousVersion },
    });
    await tx.hostFilterState.deleteMany({ where: { filterId, host: { clusterId } } });
    const hosts = await tx.host.findMany({ where: { clusterId } });
    for (const { id: hostId } of hosts) {
      await writeState(tx, { hostId, filterId: found.filterId, state: 'pending', fault: null });
    }
    const checkpoint = { filterId: filter.filterId };
    await tx.task.update({ where: { id: context.taskId }, data: { checkpoint } });
    const changed = [{ object: clusterId, path: 'filters' }];
    await recordChanges(tx, [...changed, ...hosts.flatMap(stateChanges)]);
    return filter;
  });
}
