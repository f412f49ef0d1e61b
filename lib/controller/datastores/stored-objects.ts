// The rows of storage objects as values, and what the disks on them say of their health.
import { z } from 'zod';
import { objectComponentSchema, objectStateSchema } from '../../model/storage-object.ts';
import { healthWords, type ObjectHealthFacts } from '../../rules/storage/object-health.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { StorageObject as StorageObjectRow } from '../database/generated/client.ts';

/** A vVol has no components; the host that has it bound stands beside them. */
const storedComponentsSchema = z.object({
  components: z.array(objectComponentSchema),
  holder: z.string().nullable(),
});

export function factsOfObject(row: StorageObjectRow): ObjectHealthFacts {
  return {
    state: objectStateSchema.parse(row.state),
    bytesToResync: Number(row.bytesToResync),
    resyncTotalBytes: Number(row.resyncTotalBytes),
    ...storedComponentsSchema.parse(row.components),
  };
}

/** The health of each of these disks' objects in words, by object; files have none. */
export async function readObjectHealth(
  db: DatabaseTransaction,
  disks: readonly { objectId: string | null }[],
): Promise<Map<string, string>> {
  const ids = disks.flatMap(({ objectId }) => objectId ?? []);
  if (ids.length === 0) return new Map();
  const rows = await db.storageObject.findMany({ where: { id: { in: ids } } });
  return new Map(rows.map((row) => [row.id, healthWords(factsOfObject(row))]));
}
