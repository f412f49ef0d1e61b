// One object of the inventory whatever its kind, with where it stands.
import { Fault } from '../../model/fault.ts';
import { kindOf } from '../../model/object-kind.ts';
import type { Destination, PlacedObject } from '../../rules/inventory/folders.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** `NotFound` when it is not there, or is no inventory object. */
export async function findObject(tx: DatabaseTransaction, id: string): Promise<PlacedObject> {
  const found = await readObject(tx, id);
  if (!found) throw new Fault('NotFound', `The inventory has no object ${id}.`);
  return { folderId: null, clusterId: null, ...found };
}

type Found = Omit<PlacedObject, 'folderId' | 'clusterId'> & Partial<PlacedObject>;

async function readObject(tx: DatabaseTransaction, id: string): Promise<Found | null> {
  const where = { where: { id } };
  switch (kindOf(id)) {
    case 'datacenter': {
      const row = await tx.datacenter.findUnique(where);
      return row && { id, name: row.name, type: 'datacenter', datacenterId: id };
    }
    case 'vmFolder':
    case 'hostFolder': {
      const row = await tx.folder.findUnique(where);
      if (!row) return null;
      const { name, datacenterId, parentId } = row;
      return { id, name, type: 'folder', datacenterId, folderId: parentId };
    }
    case 'cluster': {
      const select = { name: true, datacenterId: true, folderId: true };
      const row = await tx.cluster.findUnique({ ...where, select });
      return row && { id, type: 'cluster', ...row };
    }
    case 'host': {
      const select = { name: true, datacenterId: true, folderId: true, clusterId: true };
      const row = await tx.host.findUnique({ ...where, select });
      return row && { id, type: 'host', ...row };
    }
    case 'datastore': {
      const select = { name: true, datacenterId: true };
      const row = await tx.datastore.findUnique({ ...where, select });
      return row && { id, type: 'datastore', ...row };
    }
    case 'vm': {
      const select = { name: true, folderId: true, host: { select: { datacenterId: true } } };
      const row = await tx.vm.findUnique({ ...where, select });
      if (!row) return null;
      const { name, folderId, host } = row;
      return { id, name, type: 'vm', datacenterId: host.datacenterId, folderId };
    }
    default:
      return null;
  }
}

/** The folders of a datacenter: few, whatever the number of objects in them. */
export async function readFolders(tx: DatabaseTransaction, datacenterId: string) {
  const rows = await tx.folder.findMany({
    where: { datacenterId },
    select: { id: true, name: true, parentId: true },
  });
  return new Map(rows.map((row) => [row.id, row]));
}

type Folders = Awaited<ReturnType<typeof readFolders>>;

/** A datacenter or a folder as the place that something goes to. `NotFound`, `InvalidArgument`. */
export async function findDestination(tx: DatabaseTransaction, id: string): Promise<Destination> {
  const { name, type, datacenterId } = await findObject(tx, id);
  if (type !== 'datacenter' && type !== 'folder') {
    throw new Fault('InvalidArgument', `${name} is neither a datacenter nor a folder.`);
  }
  const folders = await readFolders(tx, datacenterId);
  return { id, name, type, datacenterId, folderPath: folderPath(folders, id) };
}

/** The id and those of the folders above it; empty for what is no folder. */
function folderPath(folders: Folders, id: string): string[] {
  const path: string[] = [];
  for (let at = folders.get(id); at && !path.includes(at.id); at = folders.get(at.parentId ?? '')) {
    path.push(at.id);
  }
  return path;
}

/** How many levels of folders an object brings with it: 0 for what is no folder. */
export function folderLevels(folders: Folders, id: string): number {
  let deepest = 0;
  for (const folder of folders.keys()) {
    const level = folderPath(folders, folder).indexOf(id) + 1;
    deepest = Math.max(deepest, level);
  }
  return deepest;
}
