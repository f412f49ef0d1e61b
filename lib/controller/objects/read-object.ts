// One object as every page shows it beside what is its own: where it stands, its tags and custom
// attributes, and what may be done with it as with any object.

import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { type InventoryType, kindOf } from '../../model/object-kind.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { PlacedObject } from '../../rules/inventory/folders.ts';
import { renameReasons } from '../../rules/inventory/naming.ts';
import type { ObjectView } from '../../wire/api/inventory-objects.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { type ActionFacts, judgeActions } from '../permissions/judge-actions.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { deleteObject } from './delete-object.ts';
import { findObject } from './find-object.ts';
import { MOVE_PRIVILEGES } from './move-into.ts';
import { renameObject } from './rename-object.ts';

/** `NotFound` when there is no such object. */
export async function readObject(
  { db, caller }: { db: DatabaseTransaction; caller: Caller },
  id: string,
): Promise<ObjectView> {
  const object = await findObject(db, id);
  const { name, type, datacenterId, folderId } = object;
  const [datacenter, folder, tags, customValues, actions] = await Promise.all([
    db.datacenter.findUnique({ where: { id: datacenterId } }),
    folderId ? db.folder.findUnique({ where: { id: folderId } }) : null,
    readTags(db, id),
    readValues(db, id, type),
    judge(db, caller, object),
  ]);
  return {
    ...{ id, name, type, tags, customValues, actions },
    datacenter: datacenter && type !== 'datacenter' ? named(datacenter) : null,
    folder: folder && named(folder),
  };
}

function named({ id, name }: { id: string; name: string }) {
  return { id, name };
}

async function readTags(db: DatabaseTransaction, objectId: string): Promise<ObjectView['tags']> {
  const rows = await db.tagAssignment.findMany({
    where: { objectId },
    include: { tag: { include: { category: true } } },
    orderBy: [{ tag: { category: { name: 'asc' } } }, { tag: { name: 'asc' } }],
  });
  return rows.map(({ tag: { id, name, description, category } }) => ({
    ...{ id, name, description, category: named(category) },
  }));
}

async function readValues(
  db: DatabaseTransaction,
  objectId: string,
  type: InventoryType,
): Promise<ObjectView['customValues']> {
  const rows = await db.customField.findMany({
    where: { OR: [{ type: null }, { type }] },
    include: { values: { where: { objectId } } },
    orderBy: { name: 'asc' },
  });
  return rows.map(({ id, name, values }) => ({ fieldId: id, name, value: values[0]?.value ?? '' }));
}

async function judge(
  db: DatabaseTransaction,
  caller: Caller,
  object: PlacedObject,
): Promise<Record<string, Verdict>> {
  const { id, type, name } = object;
  const running = (await readRunningTaskReasons(db, [id])).get(id);
  const busy = running ? [running] : [];
  const on = (privilege: ActionFacts['wanted'][number]['privilege'], objectId = id) => [
    { privilege, objectId },
  ];
  const facts: Record<string, ActionFacts> = {
    rename: {
      wanted: renameObject.privileges({ target: object, namesake: null }, { objectId: id, name }),
      reasons: [...busy, ...renameReasons(object)],
    },
    assignTags: { wanted: on('InventoryService.Tagging.ObjectAttachable') },
    setCustomValues: { wanted: on('Global.SetCustomField') },
  };
  if (type !== 'datacenter' && type !== 'datastore' && object.clusterId === null) {
    facts.move = { wanted: on(MOVE_PRIVILEGES[type]) };
  }
  if (type === 'datacenter' || type === 'cluster' || type === 'folder') {
    const observed = await deleteObject.observe(db, { objectId: id });
    const input = { objectId: id };
    facts.delete = {
      wanted: deleteObject.privileges(observed, input),
      reasons: [...busy, ...deleteObject.judge(observed, input).reasons],
    };
  }
  const holdsVms = type === 'datacenter' || kindOf(id) === 'vmFolder';
  const holdsHosts = type === 'datacenter' || kindOf(id) === 'hostFolder';
  if (holdsVms) facts.createVmFolder = { wanted: on('Folder.Create') };
  if (holdsHosts) {
    facts.createHostFolder = { wanted: on('Folder.Create') };
    facts.createCluster = { wanted: on('Host.Inventory.CreateCluster') };
  }
  if (type === 'cluster' || (type === 'host' && object.clusterId === null)) {
    facts.createPool = { wanted: on('Resource.CreatePool') };
  }
  if (type === 'datacenter') {
    facts.createDatacenter = { wanted: on('Datacenter.Create', ROOT_FOLDER_ID) };
  }
  return judgeActions(db, caller, facts);
}
