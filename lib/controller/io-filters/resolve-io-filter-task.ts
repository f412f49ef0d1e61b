// Goes on with a filter operation on the hosts where it failed.
import { hostsToResolve, type ResolveFacts } from '../../rules/filter-resolve.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { installOnHosts } from './install-on-hosts.ts';
import { removeFromHosts } from './remove-from-hosts.ts';
import {
  type ResolveOnClusterInput,
  type ResolveOnHostInput,
  resolveIoFilterOnCluster,
  resolveIoFilterOnHost,
} from './resolve-io-filter.ts';
import { upgradeOnHosts } from './upgrade-on-hosts.ts';

export const performResolveOnHost: TaskHandler<ResolveOnHostInput> = async (context, input) => {
  const { filter, resolve } = await resolveIoFilterOnHost.observe(context.db, input);
  return goOn(context, filter, resolve);
};

export const performResolveOnCluster: TaskHandler<ResolveOnClusterInput> = async (
  context,
  input,
) => {
  const { filter, resolve } = await resolveIoFilterOnCluster.observe(context.db, input);
  return goOn(context, filter, resolve);
};

async function goOn(
  context: TaskContext,
  filter: ClusterFilter,
  facts: ResolveFacts,
): Promise<undefined> {
  const hosts = await context.db.host.findMany({
    where: { id: { in: hostsToResolve(facts) } },
    orderBy: { name: 'asc' },
  });
  if (filter.opType === 'uninstall') await removeFromHosts(context, filter, hosts);
  else if (filter.opType === 'upgrade') await upgradeOnHosts(context, { filter, hosts });
  else await installOnHosts(context, filter, hosts);
  return undefined;
}
