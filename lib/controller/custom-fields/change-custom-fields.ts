// Custom attributes: which there are, and the values that objects have.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { TAG_ROUTES } from '../../wire/api/tags.ts';
import { recordChange, recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { lockNames } from '../objects/find-namesake.ts';
import { findObject } from '../objects/find-object.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';

/** Returns its id. `NoPermission`, `DuplicateName`. */
export function createCustomField(db: Database, caller: Caller, input: unknown): Promise<string> {
  const data = parseInput(TAG_ROUTES.createCustomField.body, input);
  return transact(db, async (tx) => {
    await mayManage(tx, caller);
    await requireFreeName(tx, data.name);
    const id = await allocateId(tx, 'customField');
    await tx.customField.create({ data: { id, ...data } });
    const message = `The custom attribute ${data.name} was added.`;
    await announce(tx, caller, { type: 'CustomFieldDefAddedEvent', message, id });
    await recordChange(tx, { object: id, path: 'created' });
    return id;
  });
}

/** `NotFound`, `NoPermission`, `DuplicateName`. */
export async function renameCustomField(
  db: Database,
  caller: Caller,
  { id, input }: { id: string; input: unknown },
): Promise<void> {
  const { name } = parseInput(TAG_ROUTES.renameCustomField.body, input);
  await transact(db, async (tx) => {
    await mayManage(tx, caller);
    const before = await findField(tx, id);
    await requireFreeName(tx, name, id);
    await tx.customField.update({ where: { id }, data: { name } });
    const message = `The custom attribute ${before.name} was renamed to ${name}.`;
    await announce(tx, caller, { type: 'CustomFieldDefRenamedEvent', message, id });
    await recordChange(tx, { object: id, path: 'edited' });
  });
}

/** With the values that objects have. `NotFound`, `NoPermission`. */
export async function deleteCustomField(db: Database, caller: Caller, id: string): Promise<void> {
  await transact(db, async (tx) => {
    await mayManage(tx, caller);
    const { name } = await findField(tx, id);
    await tx.customField.delete({ where: { id } });
    const message = `The custom attribute ${name} was removed, with its values.`;
    await announce(tx, caller, { type: 'CustomFieldDefRemovedEvent', message, id });
    await recordChange(tx, { object: id, path: 'deleted' });
  });
}

/** `NotFound`, `NoPermission`, `InvalidArgument` for an attribute of other objects. */
export async function setCustomValues(
  db: Database,
  caller: Caller,
  { objectId, input }: { objectId: string; input: unknown },
): Promise<void> {
  const { values } = parseInput(TAG_ROUTES.setCustomValues.body, input);
  await transact(db, async (tx) => {
    const object = await findObject(tx, objectId);
    const wanted = { privilege: 'Global.SetCustomField' as const, objectId };
    await requirePrivileges(tx, caller, [wanted]);
    const said: string[] = [];
    for (const { fieldId, value } of values) {
      const field = await findField(tx, fieldId);
      if (field.type !== null && field.type !== object.type) {
        const message = `${field.name} is no attribute of ${object.name}.`;
        throw new Fault('InvalidArgument', message);
      }
      await write(tx, { fieldId, objectId, value });
      said.push(`${field.name}: ${value === '' ? 'none' : value}`);
    }
    await announce(tx, caller, {
      ...{ type: 'CustomFieldValueChangedEvent', id: objectId },
      message: `Custom attributes of ${object.name} were set. ${said.join('; ')}.`,
    });
    const fields = new Set(values.map(({ fieldId }) => fieldId));
    await recordChanges(tx, [
      { object: objectId, path: 'customValues' },
      ...[...fields].map((field) => ({ object: field, path: 'assignments' })),
    ]);
  });
}

async function write(
  tx: DatabaseTransaction,
  { fieldId, objectId, value }: { fieldId: string; objectId: string; value: string },
): Promise<void> {
  const key = { fieldId, objectId };
  if (value === '') {
    await tx.customValue.deleteMany({ where: key });
    return;
  }
  await tx.customValue.upsert({
    where: { fieldId_objectId: key },
    create: { ...key, value },
    update: { value },
  });
}

function mayManage(tx: DatabaseTransaction, caller: Caller): Promise<void> {
  const wanted = { privilege: 'Global.ManageCustomFields' as const, objectId: ROOT_FOLDER_ID };
  return requirePrivileges(tx, caller, [wanted]);
}

async function findField(tx: DatabaseTransaction, id: string) {
  const row = await tx.customField.findUnique({ where: { id } });
  if (!row) throw new Fault('NotFound', `There is no custom attribute ${id}.`);
  return row;
}

async function requireFreeName(tx: DatabaseTransaction, name: string, exceptId = '') {
  await lockNames(tx);
  const taken = await tx.customField.findUnique({ where: { name } });
  if (!taken || taken.id === exceptId) return;
  throw new Fault('DuplicateName', `There is a custom attribute ${name} already.`);
}

function announce(
  tx: DatabaseTransaction,
  caller: Caller,
  { type, message, id }: { type: string; message: string; id: string },
): Promise<void> {
  const more = { severity: 'info' as const, initiator: caller.name, objects: [id] };
  return postEvent(tx, { type, message, ...more });
}
