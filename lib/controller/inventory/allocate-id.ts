// Draws the ids of new objects: host-12, vm-34, domain-c7. Numbers are never used twice.
import { assert } from '../../base/assert.ts';
import { OBJECT_KINDS, type ObjectKind } from '../../model/object-kind.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** The next id of the kind; other writers of that kind wait until this transaction ends. */
export async function allocateId(tx: DatabaseTransaction, kind: ObjectKind): Promise<string> {
  const rows = await tx.$queryRaw<{ number: number }[]>`
    INSERT INTO "IdCounter" ("kind", "next") VALUES (${kind}, 2)
    ON CONFLICT ("kind") DO UPDATE SET "next" = "IdCounter"."next" + 1
    RETURNING "next" - 1 AS number`;
  const [row] = rows;
  assert(row, 'the counter returns a row');
  return `${OBJECT_KINDS[kind]}${row.number}`;
}
