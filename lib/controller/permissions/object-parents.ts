// The chain of parents of each object, nearest first, up to the root folder: permissions propagate
// down it.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { kindOf } from '../../model/object-kind.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/**
 * For each id its own id and all its parents, nearest first. An unknown id has the root folder
 * alone as parent.
 */
export async function findObjectPaths(
  db: DatabaseTransaction,
  objectIds: readonly string[],
): Promise<Map<string, string[]>> {
  const parents = new Map<string, string>();
  const ids = new Set(objectIds);
  await addVmParents(db, pick(ids, 'vm'), parents);
  for (const parent of parents.values()) ids.add(parent);
  await addHostParents(db, pick(ids, 'host'), parents);
  for (const parent of parents.values()) ids.add(parent);
  await addClusterParents(db, pick(ids, 'cluster'), parents);
  await addDatastoreParents(db, pick(ids, 'datastore'), parents);
  return new Map(objectIds.map((id) => [id, pathOf(id, parents)]));
}

function pick(ids: Set<string>, kind: 'vm' | 'host' | 'cluster' | 'datastore'): string[] {
  return [...ids].filter((id) => kindOf(id) === kind);
}

function pathOf(id: string, parents: Map<string, string>): string[] {
  const path = [id];
  for (let next = parents.get(id); next !== undefined; next = parents.get(next)) path.push(next);
  if (id !== ROOT_FOLDER_ID) path.push(ROOT_FOLDER_ID);
  return path;
}

async function addVmParents(
  db: DatabaseTransaction,
  ids: string[],
  parents: Map<string, string>,
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await db.vm.findMany({
    where: { id: { in: ids } },
    select: { id: true, hostId: true },
  });
  for (const { id, hostId } of rows) parents.set(id, hostId);
}

async function addHostParents(
  db: DatabaseTransaction,
  ids: string[],
  parents: Map<string, string>,
): Promise<void> {
  if (ids.length === 0) return;
  const select = { id: true, clusterId: true, datacenterId: true };
  const rows = await db.host.findMany({ where: { id: { in: ids } }, select });
  for (const row of rows) parents.set(row.id, row.clusterId ?? row.datacenterId);
}

async function addClusterParents(
  db: DatabaseTransaction,
  ids: string[],
  parents: Map<string, string>,
): Promise<void> {
  if (ids.length === 0) return;
  const select = { id: true, datacenterId: true };
  const rows = await db.cluster.findMany({ where: { id: { in: ids } }, select });
  for (const { id, datacenterId } of rows) parents.set(id, datacenterId);
}

async function addDatastoreParents(
  db: DatabaseTransaction,
  ids: string[],
  parents: Map<string, string>,
): Promise<void> {
  if (ids.length === 0) return;
  const select = { id: true, datacenterId: true };
  const rows = await db.datastore.findMany({ where: { id: { in: ids } }, select });
  for (const { id, datacenterId } of rows) parents.set(id, datacenterId);
}
