// The custom attributes that there are.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import type { CustomFields } from '../../wire/api/tags.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';

/** By name. */
export async function readCustomFields(
  db: DatabaseTransaction,
  caller: Caller,
): Promise<CustomFields> {
  const [rows, { create, ...actions }] = await Promise.all([
    db.customField.findMany({
      orderBy: { name: 'asc' },
      include: { _count: { select: { values: true } } },
    }),
    judgeFields(db, caller),
  ]);
  return {
    fields: rows.map(({ id, name, type, _count }) => ({
      ...{ id, name, type: INVENTORY_TYPES.find((known) => known === type) ?? null, actions },
      objectCount: _count.values,
    })),
    actions: create ? { create } : {},
  };
}

function judgeFields(db: DatabaseTransaction, caller: Caller) {
  const wanted = [{ privilege: 'Global.ManageCustomFields', objectId: ROOT_FOLDER_ID }] as const;
  return judgeActions(db, caller, { create: { wanted }, rename: { wanted }, delete: { wanted } });
}
