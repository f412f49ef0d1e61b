// Installs a filter on a cluster: the cluster has the filter from the start of the task on, and
// each host its state.

import { z } from 'zod';
import { assert } from '../../base/assert.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findClusterFilter } from './cluster-filter-store.ts';
import { type InstallIoFilterInput, installIoFilter, readFilter } from './install-io-filter.ts';
import { installOnHosts } from './install-on-hosts.ts';

const checkpointSchema = z.object({ filterId: z.string() });

export const performInstallIoFilter: TaskHandler<InstallIoFilterInput> = async (context, input) => {
  const clusterId = input.computeResourceId;
  const before = context.checkpoint(checkpointSchema);
  const filter = before
    ? await findClusterFilter(context.db, clusterId, before.filterId)
    : await addFilter(context, input);
  const hosts = await context.db.host.findMany({ where: { clusterId }, orderBy: { name: 'asc' } });
  await installOnHosts(context, filter, hosts);
  return { filterId: filter.filterId };
};

/** Judges again and writes the cluster's filter, with the checkpoint in the same transaction. */
function addFilter(context: TaskContext, input: InstallIoFilterInput): Promise<ClusterFilter> {
  const clusterId = input.computeResourceId;
  return transact(context.db, async (tx) => {
    const observed = await installIoFilter.observe(tx, input);
    requireAllowed(installIoFilter.judge(observed, input));
    const found = readFilter(observed.vib);
    assert(found, 'the judgement refuses a VIB without a filter');
    const { vibId, id: depotId } = observed.vib;
    const columns = { clusterId, ...found, vibId, depotId, opType: 'install' };
    const filter = await tx.clusterFilter.create({ data: columns });
    const checkpoint = { filterId: filter.filterId };
    await tx.task.update({ where: { id: context.taskId }, data: { checkpoint } });
    await recordChange(tx, { object: clusterId, path: 'filters' });
    return filter;
  });
}
