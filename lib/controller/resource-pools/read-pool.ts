// A resource pool with what is in it, and what may be done with it.
import { powerStateSchema } from '../../model/inventory.ts';
import { kindOf } from '../../model/object-kind.ts';
import { grantedIn } from '../../rules/pools/pool-admission.ts';
import type { ResourcePoolView } from '../../wire/api/resources/resource-pools.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { findPool, findPoolOwner, ownerIdOf } from './pool-store.ts';

/** `NotFound`. */
export async function readPool(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<ResourcePoolView> {
  const pool = await findPool(db, id);
  const owner = await findPoolOwner(db, ownerIdOf(pool));
  const host = kindOf(owner.id) === 'cluster' ? { clusterId: owner.id } : { id: owner.id };
  const [vms, actions] = await Promise.all([
    db.vm.findMany({
      where: { resourcePoolId: id, host },
      orderBy: { name: 'asc' },
      select: { id: true, name: true, powerState: true, memoryMib: true },
    }),
    judge(db, caller, id),
  ]);
  const self = owner.pools.find((one) => one.id === id);
  const parent = owner.pools.find((one) => one.id === pool.parentId);
  return {
    ...{ id, name: pool.name, owner: named(owner), parent: parent ? named(parent) : null },
    memoryReservationMib: pool.memoryReservationMib,
    memoryLimitMib: pool.memoryLimitMib,
    memoryGrantedMib: self ? grantedIn(self, owner.pools) : 0,
    pools: owner.pools.filter((one) => one.parentId === id).map(named),
    vms: vms.map((vm) => ({ ...vm, powerState: powerStateSchema.parse(vm.powerState) })),
    actions,
  };
}

function judge(db: DatabaseTransaction, caller: Caller, objectId: string) {
  return judgeActions(db, caller, {
    createPool: { wanted: [{ privilege: 'Resource.CreatePool', objectId }] },
    edit: { wanted: [{ privilege: 'Resource.EditPool', objectId }] },
    delete: { wanted: [{ privilege: 'Resource.DeletePool', objectId }] },
    assignVms: { wanted: [{ privilege: 'Resource.AssignVMToPool', objectId }] },
  });
}

function named({ id, name }: { id: string; name: string }) {
  return { id, name };
}
