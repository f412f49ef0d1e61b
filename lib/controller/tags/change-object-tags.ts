// Assigns tags to an object and takes them off again.
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { judgeTags } from '../../rules/inventory/tags.ts';
import { TAG_ROUTES } from '../../wire/api/tags.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { findObject } from '../objects/find-object.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';

/**
 * `NotFound`, `NoPermission`, and `InvalidArgument` where a category does not allow it. What is so
 * already stays so.
 */
export async function changeObjectTags(
  db: Database,
  caller: Caller,
  { objectId, input }: { objectId: string; input: unknown },
): Promise<void> {
  const { assign, unassign } = parseInput(TAG_ROUTES.changeObjectTags.body, input);
  await transact(db, async (tx) => {
    const object = await findObject(tx, objectId);
    await requirePrivileges(tx, caller, [
      { privilege: 'InventoryService.Tagging.ObjectAttachable', objectId },
      { privilege: 'InventoryService.Tagging.AttachTag', objectId: ROOT_FOLDER_ID },
    ]);
    // Two that give the object tags of one category see each other.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext(${`tags of ${objectId}`}))::text`;
    const known = await readAssigned(tx, objectId);
    const removed = known.filter(({ id }) => unassign.includes(id) && !assign.includes(id));
    const has = new Set(known.map(({ id }) => id));
    const added = await findTags(
      tx,
      [...new Set(assign)].filter((id) => !has.has(id)),
    );
    const kept = known.filter((tag) => !removed.includes(tag));
    requireAllowed(
      judgeTags(object, [
        ...kept.map((tag) => ({ ...tag, isNew: false })),
        ...added.map((tag) => ({ ...tag, isNew: true })),
      ]),
    );
    await tx.tagAssignment.deleteMany({
      where: { objectId, tagId: { in: removed.map(({ id }) => id) } },
    });
    await tx.tagAssignment.createMany({ data: added.map(({ id }) => ({ objectId, tagId: id })) });
    const changed = [...added, ...removed];
    if (changed.length === 0) return;
    const said = [
      ...added.map(({ name }) => `The tag ${name} was assigned to ${object.name}.`),
      ...removed.map(({ name }) => `The tag ${name} was taken off ${object.name}.`),
    ];
    await postEvent(tx, {
      ...{ type: 'TagAssignmentEvent', severity: 'info', initiator: caller.name },
      ...{ message: said.join(' '), objects: [objectId, ...changed.map(({ id }) => id)] },
    });
    await recordChanges(tx, [
      { object: objectId, path: 'tags' },
      ...changed.map(({ id }) => ({ object: id, path: 'assignments' })),
    ]);
  });
}

async function readAssigned(tx: DatabaseTransaction, objectId: string) {
  const rows = await tx.tagAssignment.findMany({ where: { objectId }, select: { tagId: true } });
  return findTags(
    tx,
    rows.map(({ tagId }) => tagId),
  );
}

/** `NotFound` for one that is not there. */
async function findTags(tx: DatabaseTransaction, ids: string[]) {
  const rows = await tx.tag.findMany({
    where: { id: { in: ids } },
    include: { category: true },
    orderBy: { name: 'asc' },
  });
  const missing = ids.find((id) => !rows.some((row) => row.id === id));
  if (missing !== undefined) throw new Fault('NotFound', `There is no tag ${missing}.`);
  return rows.map(({ id, name, category }) => {
    const associableTypes = INVENTORY_TYPES.filter((type) =>
      category.associableTypes.includes(type),
    );
    return { id, name, category: { ...category, associableTypes } };
  });
}
