// Makes, edits and deletes tags.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { TAG_ROUTES } from '../../wire/api/tags.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { lockNames } from '../objects/find-namesake.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { findCategory } from './change-categories.ts';

/** Returns its id. `NotFound` for its category, `NoPermission`, `DuplicateName`. */
export function createTag(db: Database, caller: Caller, input: unknown): Promise<string> {
  const data = parseInput(TAG_ROUTES.createTag.body, input);
  return transact(db, async (tx) => {
    await may(tx, caller, 'CreateTag');
    await findCategory(tx, data.categoryId);
    await requireFreeName(tx, data);
    const id = await allocateId(tx, 'tag');
    await tx.tag.create({ data: { id, ...data } });
    await announce(tx, caller, { id, path: 'created', message: `${data.name} was created.` });
    return id;
  });
}

/** `NotFound`, `NoPermission`, `DuplicateName`. */
export async function updateTag(
  db: Database,
  caller: Caller,
  { id, input }: { id: string; input: unknown },
): Promise<void> {
  const data = parseInput(TAG_ROUTES.updateTag.body, input);
  await transact(db, async (tx) => {
    await may(tx, caller, 'EditTag');
    const { categoryId } = await findTag(tx, id);
    await requireFreeName(tx, { name: data.name, categoryId }, id);
    await tx.tag.update({ where: { id }, data });
    await announce(tx, caller, { id, path: 'edited', message: `${data.name} was edited.` });
  });
}

/** Wherever it is assigned. `NotFound`, `NoPermission`. */
export async function deleteTag(db: Database, caller: Caller, id: string): Promise<void> {
  await transact(db, async (tx) => {
    await may(tx, caller, 'DeleteTag');
    const { name } = await findTag(tx, id);
    await tx.tag.delete({ where: { id } });
    await announce(tx, caller, { id, path: 'deleted', message: `${name} was deleted.` });
  });
}

async function findTag(tx: DatabaseTransaction, id: string) {
  const row = await tx.tag.findUnique({ where: { id } });
  if (!row) throw new Fault('NotFound', `There is no tag ${id}.`);
  return row;
}

function may(
  tx: DatabaseTransaction,
  caller: Caller,
  verb: 'CreateTag' | 'EditTag' | 'DeleteTag',
): Promise<void> {
  const privilege = `InventoryService.Tagging.${verb}` as const;
  return requirePrivileges(tx, caller, [{ privilege, objectId: ROOT_FOLDER_ID }]);
}

async function requireFreeName(
  tx: DatabaseTransaction,
  { name, categoryId }: { name: string; categoryId: string },
  exceptId = '',
): Promise<void> {
  await lockNames(tx);
  const taken = await tx.tag.findUnique({ where: { categoryId_name: { categoryId, name } } });
  if (!taken || taken.id === exceptId) return;
  throw new Fault('DuplicateName', `Its category has a tag ${name} already.`);
}

async function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  { id, path, message }: { id: string; path: string; message: string },
): Promise<void> {
  await postEvent(tx, {
    ...{ type: 'TagEvent', severity: 'info', initiator: caller.name, objects: [id] },
    message: `The tag ${message}`,
  });
  await recordChange(tx, { object: id, path });
}
