// Renames an object. Hosts hear of a datastore's new name from the reconciler, and of a virtual
// machine's when they are next told what to run.
import type { InventoryType } from '../../model/object-kind.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { lockNames } from './find-namesake.ts';
import { type RenameInput, renameObject } from './rename-object.ts';

const EVENTS: Record<InventoryType, string> = {
  datacenter: 'DatacenterRenamedEvent',
  folder: 'FolderRenamedEvent',
  cluster: 'ClusterRenamedEvent',
  host: 'HostRenamedEvent',
  datastore: 'DatastoreRenamedEvent',
  vm: 'VmRenamedEvent',
};

export const performRename: TaskHandler<RenameInput> = async (context, input) => {
  const { db, initiator, taskId } = context;
  await transact(db, async (tx) => {
    await lockNames(tx);
    const observed = await renameObject.observe(tx, input);
    const { id, name, type } = observed.target;
    // Also when a run before this one got so far.
    if (name === input.name) return;
    requireAllowed(renameObject.judge(observed, input));
    await rename(tx, type, { id, name: input.name });
    await postEvent(tx, {
      ...{ type: EVENTS[type], severity: 'info', initiator, taskId },
      message: `${name} was renamed to ${input.name}.`,
      objects: [id],
    });
    // Views of other objects show the name too: the path says that all are to be read again.
    await recordChange(tx, { object: id, path: 'name' });
  });
  return undefined;
};

async function rename(
  tx: DatabaseTransaction,
  type: InventoryType,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const change = { where: { id }, data: { name } };
  if (type === 'datacenter') await tx.datacenter.update(change);
  else if (type === 'folder') await tx.folder.update(change);
  else if (type === 'cluster') await tx.cluster.update(change);
  else if (type === 'datastore') await tx.datastore.update(change);
  else if (type === 'vm') await tx.vm.update(change);
}
