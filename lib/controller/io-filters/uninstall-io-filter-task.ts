// Removes a filter from all hosts of a cluster.
import { requireAllowed } from '../../model/verdict.ts';
import { transact } from '../changes/transact.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { removeFromHosts } from './remove-from-hosts.ts';
import { type UninstallIoFilterInput, uninstallIoFilter } from './uninstall-io-filter.ts';

export const performUninstallIoFilter: TaskHandler<UninstallIoFilterInput> = async (
  context,
  input,
) => {
  const filter = await begin(context, input);
  // A run before this one removed it from the last host.
  if (!filter) return undefined;
  const { clusterId, filterId } = input;
  const hosts = await context.db.host.findMany({
    where: { clusterId, filterStates: { some: { filterId } } },
    orderBy: { name: 'asc' },
  });
  await removeFromHosts(context, filter, hosts);
  return undefined;
};

/**
 * Judges again and marks the cluster's filter: from now on no disk can get it and no host has to.
 */
function begin({ db }: TaskContext, input: UninstallIoFilterInput) {
  const { clusterId, filterId } = input;
  return transact(db, async (tx) => {
    const where = { clusterId_filterId: { clusterId, filterId } };
    if (!(await tx.clusterFilter.findUnique({ where }))) return null;
    const observed = await uninstallIoFilter.observe(tx, input);
    requireAllowed(uninstallIoFilter.judge(observed, input));
    return tx.clusterFilter.update({ where, data: { opType: 'uninstall' } });
  });
}
