// The chain of parents of each object, nearest first, up to the root folder: permissions propagate
// down it.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/**
 * For each id its own id and all its parents, nearest first: a VM's host, its cluster, its
 * datacenter. One query. An unknown id has the root folder alone as parent.
 */
export async function findObjectPaths(
  db: DatabaseTransaction,
  objectIds: readonly string[],
): Promise<Map<string, string[]>> {
  const ids = [...new Set(objectIds)];
  const rows = await db.$queryRaw<{ id: string; parents: (string | null)[] }[]>`
    WITH hosts AS (
      SELECT h."id", ARRAY[h."clusterId", h."datacenterId"] AS parents FROM "Host" h
    )
    SELECT v."id", ARRAY[v."hostId"] || h.parents AS parents
      FROM "Vm" v JOIN hosts h ON h."id" = v."hostId" WHERE v."id" = ANY(${ids})
    UNION ALL
    SELECT "id", parents FROM hosts WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", ARRAY["datacenterId"] FROM "Cluster" WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", ARRAY["datacenterId"] FROM "Datastore" WHERE "id" = ANY(${ids})`;
  const parents = new Map(rows.map((row) => [row.id, row.parents]));
  return new Map(
    ids.map((id) => {
      const found = (parents.get(id) ?? []).flatMap((parent) => (parent === null ? [] : [parent]));
      const root = id === ROOT_FOLDER_ID ? [] : [ROOT_FOLDER_ID];
      return [id, [id, ...found, ...root]];
    }),
  );
}
