// All tags with their categories, and which objects have which.
import { groupBy } from '../../base/group-by.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import type { Privilege } from '../../model/role.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { TagCatalogue } from '../../wire/api/tags.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';

/** By name. */
export async function readTags(db: DatabaseTransaction, caller: Caller): Promise<TagCatalogue> {
  const orderBy = { name: 'asc' } as const;
  const [categories, tags, verdicts] = await Promise.all([
    db.tagCategory.findMany({ orderBy }),
    db.tag.findMany({ orderBy, include: { _count: { select: { assignments: true } } } }),
    judgeTagging(db, caller),
  ]);
  const { createCategory, createTag, editCategory, deleteCategory, editTag, deleteTag } = verdicts;
  return {
    categories: categories.map(({ associableTypes, ...row }) => ({
      ...row,
      associableTypes: INVENTORY_TYPES.filter((type) => associableTypes.includes(type)),
      actions: { ...named('edit', editCategory), ...named('delete', deleteCategory) },
    })),
    tags: tags.map(({ id, name, description, categoryId, _count }) => ({
      ...{ id, name, description, categoryId, objectCount: _count.assignments },
      actions: { ...named('edit', editTag), ...named('delete', deleteTag) },
    })),
    actions: { ...named('createCategory', createCategory), ...named('createTag', createTag) },
  };
}

/** Of each tag that any object has. */
export async function readTagAssignments(
  db: DatabaseTransaction,
): Promise<{ tagId: string; objectIds: string[] }[]> {
  const rows = await db.tagAssignment.findMany({
    orderBy: [{ tagId: 'asc' }, { objectId: 'asc' }],
  });
  return [...groupBy(rows, ({ tagId }) => tagId)].map(([tagId, assigned]) => ({
    tagId,
    objectIds: assigned.map(({ objectId }) => objectId),
  }));
}

function judgeTagging(
  db: DatabaseTransaction,
  caller: Caller,
): Promise<Record<string, Verdict | undefined>> {
  const on = (privilege: Privilege) => ({ wanted: [{ privilege, objectId: ROOT_FOLDER_ID }] });
  return judgeActions(db, caller, {
    createCategory: on('InventoryService.Tagging.CreateCategory'),
    editCategory: on('InventoryService.Tagging.EditCategory'),
    deleteCategory: on('InventoryService.Tagging.DeleteCategory'),
    createTag: on('InventoryService.Tagging.CreateTag'),
    editTag: on('InventoryService.Tagging.EditTag'),
    deleteTag: on('InventoryService.Tagging.DeleteTag'),
  });
}

function named(name: string, verdict: Verdict | undefined): Record<string, Verdict> {
  return verdict ? { [name]: verdict } : {};
}
