// Makes, changes and deletes resource pools, and puts virtual machines into them. At once and
// without a task, as the API of vSphere does.
import type { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { RESOURCE_POOL_DEPTH_MAX } from '../../model/limits.ts';
import { kindOf } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { judgePoolConfig, pathOf } from '../../rules/pools/pool-admission.ts';
import type {
  changePoolSchema,
  createPoolSchema,
} from '../../wire/api/resources/resource-pools.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { forgetObject } from '../objects/forget-object.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { findPool, findPoolOwner, lockPools, ownerIdOf, type PoolOwner } from './pool-store.ts';

/** Returns its id. `NotFound`, `NoPermission`, `DuplicateName`, and what the rules refuse. */
export function addPool(
  db: Database,
  caller: Caller,
  { name, parentId: place, ...memory }: z.output<typeof createPoolSchema>,
): Promise<string> {
  return transact(db, async (tx) => {
    const around = kindOf(place) === 'resourcePool' ? await findPool(tx, place) : null;
    const ownerId = around ? ownerIdOf(around) : place;
    await lockPools(tx, ownerId);
    const owner = await findPoolOwner(tx, ownerId);
    await may(tx, caller, 'Resource.CreatePool', place);
    const parentId = around?.id ?? null;
    if (pathOf(owner.pools, parentId).length >= RESOURCE_POOL_DEPTH_MAX) {
      const message = `Resource pools stand at most ${RESOURCE_POOL_DEPTH_MAX} deep in each other.`;
      throw new Fault('InvalidArgument', message);
    }
    requireFree(owner, { id: '', name, parentId });
    const id = await allocateId(tx, 'resourcePool');
    requireAllowed(judgePoolConfig({ ...toRules(memory), id, name, parentId }, owner));
    const isCluster = kindOf(ownerId) === 'cluster';
    const of = isCluster ? { clusterId: ownerId } : { hostId: ownerId };
    await tx.resourcePool.create({ data: { ...{ id, name, parentId }, ...of, ...memory } });
    await tell(tx, caller, {
      ...{ type: 'ResourcePoolCreatedEvent', objects: [id, ownerId], pools: [id, parentId] },
      message: `${caller.name} created the resource pool ${name} in ${around?.name ?? owner.name}.`,
    });
    return id;
  });
}

/** `NotFound`, `NoPermission`, `DuplicateName`, and what the rules refuse. */
export async function changePool(
  db: Database,
  caller: Caller,
  { id, ...wanted }: z.output<typeof changePoolSchema> & { id: string },
): Promise<void> {
  await transact(db, async (tx) => {
    const ownerId = ownerIdOf(await findPool(tx, id));
    await lockPools(tx, ownerId);
    const pool = await findPool(tx, id);
    const {
      name = pool.name,
      memoryReservationMib = pool.memoryReservationMib,
      memoryLimitMib = pool.memoryLimitMib,
    } = wanted;
    if (name !== pool.name) await may(tx, caller, 'Resource.RenamePool', id);
    await may(tx, caller, 'Resource.EditPool', id);
    const owner = await findPoolOwner(tx, ownerId);
    const { parentId } = pool;
    requireFree(owner, { id, name, parentId });
    const memory = { memoryReservationMib, memoryLimitMib };
    requireAllowed(judgePoolConfig({ ...toRules(memory), id, name, parentId }, owner));
    await tx.resourcePool.update({ where: { id }, data: { name, ...memory } });
    const limit = memoryLimitMib === null ? 'no limit' : `a limit of ${memoryLimitMib} MiB`;
    await tell(tx, caller, {
      ...{ type: 'ResourcePoolReconfiguredEvent', objects: [id, ownerId], pools: [id, parentId] },
      message: `The resource pool ${name} reserves ${memoryReservationMib} MiB and has ${limit}.`,
    });
  });
}

/** What is in it goes to where it was itself. `NotFound`, `NoPermission`, `DuplicateName`. */
export async function deletePool(db: Database, caller: Caller, id: string): Promise<void> {
  await transact(db, async (tx) => {
    const ownerId = ownerIdOf(await findPool(tx, id));
    await lockPools(tx, ownerId);
    const { name, parentId } = await findPool(tx, id);
    await may(tx, caller, 'Resource.DeletePool', id);
    const owner = await findPoolOwner(tx, ownerId);
    const children = owner.pools.filter((pool) => pool.parentId === id);
    for (const child of children) {
      const others = { ...owner, pools: owner.pools.filter((pool) => pool.id !== id) };
      requireFree(others, { id: child.id, name: child.name, parentId });
    }
    const vms = await tx.vm.findMany({ where: { resourcePoolId: id }, select: { id: true } });
    const moved = { where: { resourcePoolId: id }, data: { resourcePoolId: parentId } };
    await tx.vm.updateMany(moved);
    await tx.resourcePool.updateMany({ where: { parentId: id }, data: { parentId } });
    await tx.resourcePool.delete({ where: { id } });
    await forgetObject(tx, id);
    await recordChanges(tx, [
      { object: id, path: 'deleted' },
      ...vms.map((vm) => ({ object: vm.id, path: 'resourcePool' })),
    ]);
    await tell(tx, caller, {
      ...{ type: 'ResourcePoolDestroyedEvent', objects: [id, ownerId] },
      pools: [parentId, ...children.map((child) => child.id)],
      message: `${caller.name} deleted the resource pool ${name}.`,
    });
  });
}

/** `NotFound`, `NoPermission`; `InvalidArgument` for a VM that runs elsewhere. */
export async function assignToPool(
  db: Database,
  caller: Caller,
  { poolId, vmIds }: { poolId: string | null; vmIds: readonly string[] },
): Promise<void> {
  await transact(db, async (tx) => {
    const pool = poolId === null ? null : await findPool(tx, poolId);
    const ids = [...new Set(vmIds)];
    const vms = await tx.vm.findMany({ where: { id: { in: ids } }, include: { host: true } });
    const missing = ids.find((id) => !vms.some((vm) => vm.id === id));
    if (missing) throw new Fault('NotFound', `There is no virtual machine ${missing}.`);
    const privilege: Privilege = 'Resource.AssignVMToPool';
    const places = new Set(vms.map(({ host }) => host.clusterId ?? host.id));
    const on = [...ids, ...(poolId === null ? places : [poolId])];
    await requirePrivileges(
      tx,
      caller,
      on.map((objectId) => ({ privilege, objectId })),
    );
    const stranger = vms.find(
      ({ host }) => pool && ownerIdOf(pool) !== (host.clusterId ?? host.id),
    );
    if (pool && stranger) {
      const message = `${stranger.name} does not run where the resource pool ${pool.name} is.`;
      throw new Fault('InvalidArgument', message);
    }
    await tx.vm.updateMany({ where: { id: { in: ids } }, data: { resourcePoolId: poolId } });
    await recordChanges(
      tx,
      ids.map((object) => ({ object, path: 'resourcePool' })),
    );
    const left = vms.map(({ resourcePoolId }) => resourcePoolId);
    const names = vms.map(({ name }) => name).sort();
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    await tell(tx, caller, {
      ...{ type: 'VmResourcePoolMovedEvent', objects: [...ids, ...(poolId ? [poolId] : [])] },
      pools: [poolId, ...left],
      message:
        `${names.slice(0, 5).join(', ')}${more} moved ` +
        (pool ? `into the resource pool ${pool.name}.` : 'out of its resource pool.'),
    });
  });
}

function may(
  tx: DatabaseTransaction,
  caller: Caller,
  privilege: Privilege,
  objectId: string,
): Promise<void> {
  return requirePrivileges(tx, caller, [{ privilege, objectId }]);
}

function requireFree(
  owner: PoolOwner,
  { id, name, parentId }: { id: string; name: string; parentId: string | null },
): void {
  const namesake = owner.pools.find(
    (pool) => pool.name === name && pool.parentId === parentId && pool.id !== id,
  );
  if (!namesake) return;
  throw new Fault('DuplicateName', `There is a resource pool ${name} already.`);
}

function toRules(memory: { memoryReservationMib: number; memoryLimitMib: number | null }) {
  return { reservationMib: memory.memoryReservationMib, limitMib: memory.memoryLimitMib };
}

async function tell(
  tx: DatabaseTransaction,
  { name: initiator }: Caller,
  {
    pools,
    ...event
  }: { type: string; message: string; objects: string[]; pools: (string | null)[] },
): Promise<void> {
  await postEvent(tx, { ...event, severity: 'info', initiator });
  const changed = new Set(pools.flatMap((id) => id ?? []));
  await recordChanges(
    tx,
    [...changed].map((object) => ({ object, path: 'config' })),
  );
}
