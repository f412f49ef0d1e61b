// Deletes an empty datacenter, cluster or folder.
import type { InventoryType } from '../../model/object-kind.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { dropPools } from '../resource-pools/pool-store.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { type DeleteObjectInput, deleteObject } from './delete-object.ts';
import { findObject } from './find-object.ts';
import { forgetObject } from './forget-object.ts';

const EVENTS: Partial<Record<InventoryType, string>> = {
  datacenter: 'DatacenterDestroyedEvent',
  folder: 'FolderDestroyedEvent',
  cluster: 'ClusterDestroyedEvent',
};

export const performDeleteObject: TaskHandler<DeleteObjectInput> = async (context, input) => {
  await transact(context.db, async (tx) => {
    // A run before this one got so far.
    if (!(await isThere(tx, context, input.objectId))) return;
    const observed = await deleteObject.observe(tx, input);
    requireAllowed(deleteObject.judge(observed, input));
    const { id, name, type, folderId, datacenterId } = observed.target;
    if (type === 'datacenter') await tx.datacenter.delete({ where: { id } });
    else if (type === 'cluster') await deleteCluster(tx, id);
    else await tx.folder.delete({ where: { id } });
    await forgetObject(tx, id);
    const parent = type === 'datacenter' ? [] : [folderId ?? datacenterId];
    const { initiator, taskId } = context;
    await postEvent(tx, {
      ...{ type: EVENTS[type] ?? 'ObjectDestroyedEvent', severity: 'info', initiator, taskId },
      message: `${name} was deleted.`,
      objects: [id, ...parent],
    });
    await recordChanges(tx, [
      { object: id, path: 'deleted' },
      ...parent.map((object) => ({ object, path: 'contents' })),
    ]);
  });
  return undefined;
};

async function deleteCluster(tx: DatabaseTransaction, id: string): Promise<void> {
  await dropPools(tx, { clusterId: id });
  await tx.cluster.delete({ where: { id } });
}

/** In the first run it is, or the task fails with `NotFound`. */
async function isThere(
  tx: DatabaseTransaction,
  { taskId }: TaskContext,
  id: string,
): Promise<boolean> {
  const deleted = await tx.event.findFirst({
    where: { taskId, type: { in: Object.values(EVENTS) } },
    select: { id: true },
  });
  if (deleted) return false;
  await findObject(tx, id);
  return true;
}
