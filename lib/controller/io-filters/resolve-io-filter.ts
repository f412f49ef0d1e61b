// Resolve IO Filter installation errors, on one host or on all hosts of a cluster: goes on where it
// failed.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { hostFilterStateSchema, objectIdSchema } from '../../model/inventory.ts';
import type { Privilege } from '../../model/role.ts';
import { judgeResolve, type ResolveFacts } from '../../rules/filter-resolve.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ClusterFilter } from '../database/generated/client.ts';
import { findHost } from '../hosts/host-store.ts';
import type { WantedPrivilege } from '../permissions/missing-privileges.ts';
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
  pausable: true,
  async observe(tx, { hostId, filterId }) {
    const host = await findHost(tx, hostId);
    if (host.clusterId === null) {
      throw new Fault('NotFound', `${host.name} is in no cluster, so it has no I/O filters.`);
    }
    const filter = await findClusterFilter(tx, host.clusterId, filterId);
    const hosts = await readStates(tx, { id: hostId }, filter);
    return { target: host, filter, resolve: { filterId, where: host.name, hosts } };
  },
  privileges: ({ filter, target }) => neededFor(filter, [target]),
  judge: ({ resolve }) => judgeResolve(resolve),
});

export const resolveIoFilterOnCluster = defineOperation({
  key: 'IoFilterManager.resolveInstallationErrorsOnCluster',
  label: 'Resolve IO Filter installation errors on cluster',
  input: resolveOnClusterInputSchema,
  cancelable: true,
  pausable: true,
  async observe(tx, { clusterId, filterId }) {
    const cluster = await findClusterFacts(tx, clusterId);
    const filter = await findClusterFilter(tx, clusterId, filterId);
    const hosts = await readStates(tx, { clusterId }, filter);
    return { target: cluster, filter, resolve: { filterId, where: cluster.name, hosts } };
  },
  privileges: ({ filter, resolve: { hosts } }) => neededFor(filter, hosts),
  judge: ({ resolve }) => judgeResolve(resolve),
});

/** An upgrade goes through maintenance mode, and asks for its privilege too. */
function neededFor({ opType }: ClusterFilter, hosts: readonly { id: string }[]): WantedPrivilege[] {
  const patch: Privilege[] = ['Host.Config.Patch'];
  const wanted: Privilege[] = opType === 'upgrade' ? [...patch, 'Host.Config.Maintenance'] : patch;
  return hosts.flatMap(({ id }) => wanted.map((privilege) => ({ privilege, objectId: id })));
}

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
