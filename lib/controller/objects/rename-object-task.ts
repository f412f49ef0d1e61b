// Renames an object. Hosts hear of a datastore's new name from the reconciler; the host of a
// virtual machine is told here, and the name holds also when it cannot take it now.
import { Fault } from '../../model/fault.ts';
import { type InventoryType, inventoryTypeOf } from '../../model/object-kind.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { renameVm } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
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
  if (inventoryTypeOf(input.objectId) === 'vm') await tellHost(context, input.objectId);
  return undefined;
};

/** Writes the name into the .vmx. What keeps the host from it stands in an event. */
async function tellHost(context: TaskContext, vmId: string): Promise<void> {
  const { db, initiator, taskId } = context;
  const vm = await findVm(db, vmId);
  try {
    const request = { operationKey: `${taskId}:renameVm`, vm: toRunSpec(vm) };
    await callOperation(context, { host: vm.host, rpc: renameVm, input: request });
  } catch (error) {
    if (!(error instanceof Fault) || context.signal.aborted) throw error;
    await postEvent(db, {
      ...{ type: 'VmRenamedOnHostEvent', severity: 'warning', initiator, taskId },
      message: `The configuration file of ${vm.name} keeps its old name: ${error.message}`,
      objects: [vm.id, vm.hostId],
    });
  }
}

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
