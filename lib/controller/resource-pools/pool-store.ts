// Resource pools as the rules judge them, and the cluster or host whose memory they part. A VM's
// pool counts only while it belongs to where the VM runs.
import { Fault } from '../../model/fault.ts';
import { kindOf } from '../../model/object-kind.ts';
import { type PoolFacts, type PoolOwnerFacts, pathOf } from '../../rules/pools/pool-admission.ts';
import { recordChanges } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ResourcePool } from '../database/generated/client.ts';
import { forgetObject } from '../objects/forget-object.ts';

export interface PoolOwner extends PoolOwnerFacts {
  /** Of the cluster or standalone host. */
  id: string;
}

/** `NotFound`. */
export async function findPool(tx: DatabaseTransaction, id: string): Promise<ResourcePool> {
  const pool = await tx.resourcePool.findUnique({ where: { id } });
  if (!pool) throw new Fault('NotFound', `There is no resource pool ${id}.`);
  return pool;
}

export function ownerIdOf({ clusterId, hostId }: ResourcePool): string {
  return clusterId ?? hostId ?? '';
}

/**
 * The cluster or standalone host with its pools. `NotFound`; `InvalidArgument` for a host in a
 * cluster, whose memory its cluster's pools part. The VM that is being judged is not granted memory
 * yet.
 */
export async function findPoolOwner(
  tx: DatabaseTransaction,
  id: string,
  exceptVmId = '',
): Promise<PoolOwner> {
  const isCluster = kindOf(id) === 'cluster';
  const name = isCluster ? await nameOfCluster(tx, id) : await nameOfHost(tx, id);
  const hostWhere = isCluster ? { clusterId: id } : { id };
  const [hosts, pools, vms] = await Promise.all([
    tx.host.findMany({
      where: { ...hostWhere, connectionState: 'connected', maintenanceState: 'normal' },
      select: { memoryMib: true },
    }),
    tx.resourcePool.findMany({ where: isCluster ? { clusterId: id } : { hostId: id } }),
    tx.vm.groupBy({
      by: ['resourcePoolId'],
      where: {
        ...{ host: hostWhere, id: { not: exceptVmId } },
        // One that has been let start has its memory, before it runs.
        OR: [{ powerState: 'poweredOn' }, { desiredPowerState: 'poweredOn' }],
      },
      _sum: { memoryMib: true },
    }),
  ]);
  const granted = new Map(vms.map((row) => [row.resourcePoolId, row._sum.memoryMib ?? 0]));
  return {
    ...{ id, name },
    memoryMib: hosts.reduce((sum, { memoryMib }) => sum + (memoryMib ?? 0), 0),
    grantedMib: [...granted.values()].reduce((sum, each) => sum + each, 0),
    pools: pools.map((pool) => toFacts(pool, granted.get(pool.id) ?? 0)),
  };
}

function toFacts(pool: ResourcePool, grantedMib: number): PoolFacts {
  const { id, name, parentId, memoryReservationMib, memoryLimitMib } = pool;
  const [reservationMib, limitMib] = [memoryReservationMib, memoryLimitMib];
  return { id, name, parentId, reservationMib, limitMib, grantedMib };
}

/** What the pools of one cluster or host have left is judged and taken one after the other. */
export async function lockPools(tx: DatabaseTransaction, ownerId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`pools of ${ownerId}`}))::text`;
}

/** The same for those that power-on of the VM asks. Where there are none, nobody waits. */
export async function lockPoolsAround(tx: DatabaseTransaction, vmId: string): Promise<void> {
  const { ownerId, hasPools } = await findPlace(tx, vmId);
  if (hasPools) await lockPools(tx, ownerId);
}

/** The pools that power-on of the VM asks; null where there are none. */
export async function observePools(
  tx: DatabaseTransaction,
  vmId: string,
): Promise<{ poolId: string | null; owner: PoolOwner } | null> {
  const { ownerId, hasPools, resourcePoolId } = await findPlace(tx, vmId);
  if (!hasPools) return null;
  const owner = await findPoolOwner(tx, ownerId, vmId);
  const [own] = pathOf(owner.pools, resourcePoolId);
  return { poolId: own?.id ?? null, owner };
}

async function findPlace(tx: DatabaseTransaction, vmId: string) {
  const vm = await tx.vm.findUnique({
    where: { id: vmId },
    select: { resourcePoolId: true, host: { select: { id: true, clusterId: true } } },
  });
  if (!vm) throw new Fault('NotFound', `There is no virtual machine ${vmId}.`);
  const { resourcePoolId, host } = vm;
  const ownerId = host.clusterId ?? host.id;
  const where = host.clusterId ? { clusterId: ownerId } : { hostId: ownerId };
  return { ownerId, resourcePoolId, hasPools: (await tx.resourcePool.count({ where })) > 0 };
}

/** Of a host that goes into a cluster, or of an owner that goes out of the inventory. */
export async function dropPools(
  tx: DatabaseTransaction,
  where: { hostId: string } | { clusterId: string },
): Promise<void> {
  const pools = await tx.resourcePool.findMany({ where, select: { id: true } });
  if (pools.length === 0) return;
  await tx.resourcePool.updateMany({ where, data: { parentId: null } });
  await tx.resourcePool.deleteMany({ where });
  for (const { id } of pools) await forgetObject(tx, id);
  await recordChanges(
    tx,
    pools.map(({ id: object }) => ({ object, path: 'deleted' })),
  );
}

async function nameOfCluster(tx: DatabaseTransaction, id: string): Promise<string> {
  const cluster = await tx.cluster.findUnique({ where: { id }, select: { name: true } });
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${id}.`);
  return cluster.name;
}

async function nameOfHost(tx: DatabaseTransaction, id: string): Promise<string> {
  const host = await tx.host.findUnique({
    where: { id },
    select: { name: true, cluster: { select: { name: true } } },
  });
  if (!host) throw new Fault('NotFound', `There is no cluster, host or resource pool ${id}.`);
  if (host.cluster) {
    const message =
      `${host.name} is in the cluster ${host.cluster.name}, ` +
      'whose resource pools part the memory of all its hosts.';
    throw new Fault('InvalidArgument', message);
  }
  return host.name;
}
