// Makes, edits and deletes the categories of tags.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { judgeCategoryChange } from '../../rules/inventory/tags.ts';
import { TAG_ROUTES, type TagCategoryInput } from '../../wire/api/tags.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { lockNames } from '../objects/find-namesake.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';

const inputSchema = TAG_ROUTES.createTagCategory.body;

/** Returns its id. `NoPermission`, `DuplicateName`. */
export function createCategory(db: Database, caller: Caller, input: unknown): Promise<string> {
  const data: TagCategoryInput = parseInput(inputSchema, input);
  return transact(db, async (tx) => {
    await may(tx, caller, 'CreateCategory');
    await requireFreeName(tx, data.name);
    const id = await allocateId(tx, 'tagCategory');
    await tx.tagCategory.create({ data: { id, ...data } });
    await announce(tx, caller, { id, path: 'created', message: `${data.name} was created.` });
    return id;
  });
}

/** `NotFound`, `NoPermission`, `DuplicateName`, `InvalidArgument` for what would narrow it. */
export async function updateCategory(
  db: Database,
  caller: Caller,
  { id, input }: { id: string; input: unknown },
): Promise<void> {
  const data: TagCategoryInput = parseInput(inputSchema, input);
  await transact(db, async (tx) => {
    await may(tx, caller, 'EditCategory');
    const before = await findCategory(tx, id);
    await requireFreeName(tx, data.name, id);
    requireAllowed(judgeCategoryChange(before, data));
    await tx.tagCategory.update({ where: { id }, data });
    await announce(tx, caller, { id, path: 'edited', message: `${data.name} was edited.` });
  });
}

/** With its tags, wherever they are assigned. `NotFound`, `NoPermission`. */
export async function deleteCategory(db: Database, caller: Caller, id: string): Promise<void> {
  await transact(db, async (tx) => {
    await may(tx, caller, 'DeleteCategory');
    const { name } = await findCategory(tx, id);
    await tx.tagCategory.delete({ where: { id } });
    const message = `${name} was deleted with its tags.`;
    await announce(tx, caller, { id, path: 'deleted', message });
  });
}

/** `NotFound` when there is no such category. */
export async function findCategory(tx: DatabaseTransaction, id: string) {
  const row = await tx.tagCategory.findUnique({ where: { id } });
  if (!row) throw new Fault('NotFound', `There is no tag category ${id}.`);
  return {
    ...row,
    associableTypes: INVENTORY_TYPES.filter((type) => row.associableTypes.includes(type)),
  };
}

function may(
  tx: DatabaseTransaction,
  caller: Caller,
  verb: 'CreateCategory' | 'EditCategory' | 'DeleteCategory',
): Promise<void> {
  const privilege = `InventoryService.Tagging.${verb}` as const;
  return requirePrivileges(tx, caller, [{ privilege, objectId: ROOT_FOLDER_ID }]);
}

async function requireFreeName(tx: DatabaseTransaction, name: string, exceptId = '') {
  await lockNames(tx);
  const taken = await tx.tagCategory.findUnique({ where: { name } });
  if (!taken || taken.id === exceptId) return;
  throw new Fault('DuplicateName', `There is a tag category ${name} already.`);
}

async function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  { id, path, message }: { id: string; path: string; message: string },
): Promise<void> {
  await postEvent(tx, {
    ...{ type: 'TagCategoryEvent', severity: 'info', initiator: caller.name, objects: [id] },
    message: `The tag category ${message}`,
  });
  await recordChange(tx, { object: id, path });
}
