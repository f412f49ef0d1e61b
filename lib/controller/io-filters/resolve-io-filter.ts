// Resolve IO Filter installation errors, on one host or on all hosts of a cluster: goes on where it
// failed.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { hostFilterStateSchema, objectIdSchema } from '../../model/inventory.ts';
import { judgeResolve, type ResolveFacts } from '../../rules/filter-resolve.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import { findHost } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findClusterFilter } from './cluster-filter-store.ts';

const filterIdSchema = z.string().min(1).max(200);

const resolveOnHostInputSchema = z.object({
  hostId: objectIdSchema,
  filterId: filterIdSchema,
});
export type ResolveOnHostInput = z.infer<typeof resolveOnHostInputSchema>;

const resolveOnClusterInputSchema = z.object({
  clusterId: objectIdSchema,
  filterId: filterIdSchema,
});
export type ResolveOnClusterInput = z.infer<typeof resolveOnClusterInputSchema>;

export const resolveIoFilterOnHost = defineOperation({
  key: 'IoFilterManager.resolveInstallationErrorsOnHost',
  label: 'Resolve IO Filter installation errors on host',
  input: resolveOnHostInputSchema,
  cancelable: true,
  async observe(tx, { hostId, filterId }) {
    const host = await findHost(tx, hostId);
    if (host.clusterId === null) {
      throw new Fault('NotFound', `${host.name} is in no cluster, so it has no I/O filters.`);
    }
    const filter = await findClusterFilter(tx, host.clusterId, filterId);
    const hosts = await readStates(tx, { id: hostId }, filter);
    return { target: host, filter, resolve: { filterId, where: host.name, hosts } };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Patch', objectId: hostId }],
  judge: ({ resolve }) => judgeResolve(resolve),
});

export const resolveIoFilterOnCluster = defineOperation({
  key: 'IoFilterManager.resolveInstallationErrorsOnCluster',
  label: 'Resolve IO Filter installation errors on cluster',
  input: resolveOnClusterInputSchema,
  cancelable: true,
  async observe(tx, { clusterId, filterId }) {
    const cluster = await findClusterFacts(tx, clusterId);
    const filter = await findClusterFilter(tx, clusterId, filterId);
    const hosts = await readStates(tx, { clusterId }, filter);
    return { target: cluster, filter, resolve: { filterId, where: cluster.name, hosts } };
  },
  privileges: ({ resolve: { hosts } }) =>
    hosts.map(({ id }) => ({ privilege: 'Host.Config.Patch', objectId: id })),
  judge: ({ resolve }) => judgeResolve(resolve),
});

async function readStates(
  tx: DatabaseTransaction,
  where: { id: string } | { clusterId: string },
  { filterId, opType }: ClusterFilter,
): Promise<ResolveFacts['hosts']> {
  // A host from which the filter was removed has no row any more: nothing is left to do there.
  const without = opType === 'uninstall' ? 'installed' : null;
  const hosts = await tx.host.findMany({
    where,
    orderBy: { name: 'asc' },
    select: { id: true, filterStates: { where: { filterId } } },
  });
  return hosts.map(({ id, filterStates: [row] }) => ({
    id,
    state: row ? hostFilterStateSchema.parse(row.state) : without,
  }));
}
