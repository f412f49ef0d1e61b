// The chains of parents of each object, nearest first, up to the root folder: permissions propagate
// down them. A virtual machine hangs in two or three: below its folder, below its host and cluster,
// and below its resource pool, while that is one of where it runs.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { FOLDER_DEPTH_MAX } from '../../model/limits.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/**
 * For each id one path, or several of a virtual machine: its own id and all its parents, nearest
 * first. One query. An unknown id has the root folder alone as parent.
 */
export async function findObjectPaths(
  db: DatabaseTransaction,
  objectIds: readonly string[],
): Promise<Map<string, string[][]>> {
  const ids = [...new Set(objectIds)];
  const rows = await db.$queryRaw<{ id: string; parents: (string | null)[] }[]>`
    WITH RECURSIVE folders AS (
      SELECT "id", ARRAY["id"] AS path, "datacenterId" FROM "Folder" WHERE "parentId" IS NULL
      UNION ALL
      SELECT f."id", f."id" || above.path, f."datacenterId"
        FROM "Folder" f JOIN folders above ON above."id" = f."parentId"
        WHERE cardinality(above.path) < ${FOLDER_DEPTH_MAX}
    ), clusters AS (
      SELECT c."id", f.path || c."datacenterId" AS parents
        FROM "Cluster" c LEFT JOIN folders f ON f."id" = c."folderId"
    ), hosts AS (
      SELECT h."id", CASE WHEN h."clusterId" IS NULL THEN f.path || h."datacenterId"
          ELSE h."clusterId" || c.parents END AS parents
        FROM "Host" h LEFT JOIN folders f ON f."id" = h."folderId"
          LEFT JOIN clusters c ON c."id" = h."clusterId"
    ), pools AS (
      SELECT p."id", p."clusterId", p."hostId", ARRAY[]::text[] AS above, 1 AS depth
        FROM "ResourcePool" p WHERE p."parentId" IS NULL
      UNION ALL
      SELECT p."id", p."clusterId", p."hostId", outer_pool."id" || outer_pool.above,
          outer_pool.depth + 1
        FROM "ResourcePool" p JOIN pools outer_pool ON outer_pool."id" = p."parentId"
        WHERE outer_pool.depth < 64
    ), placed_pools AS (
      SELECT p."id", p."clusterId", p."hostId",
          p.above || COALESCE(c."id", h."id") || COALESCE(c.parents, h.parents) AS parents
        FROM pools p LEFT JOIN clusters c ON c."id" = p."clusterId"
          LEFT JOIN hosts h ON h."id" = p."hostId"
    )
    SELECT v."id", v."hostId" || h.parents AS parents
      FROM "Vm" v JOIN hosts h ON h."id" = v."hostId" WHERE v."id" = ANY(${ids})
    UNION ALL
    SELECT v."id", f.path || h."datacenterId" FROM "Vm" v JOIN "Host" h ON h."id" = v."hostId"
      LEFT JOIN folders f ON f."id" = v."folderId" WHERE v."id" = ANY(${ids})
    UNION ALL
    SELECT v."id", v."resourcePoolId" || p.parents
      FROM "Vm" v JOIN "Host" h ON h."id" = v."hostId"
        JOIN placed_pools p ON p."id" = v."resourcePoolId"
          AND (p."clusterId" = h."clusterId" OR p."hostId" = h."id") WHERE v."id" = ANY(${ids})
    UNION ALL
    SELECT "id", parents FROM placed_pools WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", parents FROM hosts WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", parents FROM clusters WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", path[2:] || "datacenterId" FROM folders WHERE "id" = ANY(${ids})
    UNION ALL
    SELECT "id", ARRAY["datacenterId"] FROM "Datastore" WHERE "id" = ANY(${ids})`;
  const paths = new Map<string, string[][]>(ids.map((id) => [id, []]));
  for (const { id, parents } of rows) {
    const found = parents.flatMap((parent) => (parent === null ? [] : [parent]));
    paths.get(id)?.push([id, ...found, ROOT_FOLDER_ID]);
  }
  for (const [id, found] of paths) {
    if (found.length === 0) found.push(id === ROOT_FOLDER_ID ? [id] : [id, ROOT_FOLDER_ID]);
  }
  return paths;
}
