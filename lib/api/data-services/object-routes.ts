// Any object of the inventory: its name, its place in folders, its tags and custom attributes.
import {
  createCustomField,
  deleteCustomField,
  renameCustomField,
  setCustomValues,
} from '../../controller/custom-fields/change-custom-fields.ts';
import { readCustomFields } from '../../controller/custom-fields/read-custom-fields.ts';
import { addCluster, addDatacenter, addFolder } from '../../controller/objects/create-places.ts';
import { DELETE_LABELS, deleteObject } from '../../controller/objects/delete-object.ts';
import { moveInto } from '../../controller/objects/move-into.ts';
import { readObject } from '../../controller/objects/read-object.ts';
import { RENAME_LABELS, renameObject } from '../../controller/objects/rename-object.ts';
import {
  createCategory,
  deleteCategory,
  updateCategory,
} from '../../controller/tags/change-categories.ts';
import { changeObjectTags } from '../../controller/tags/change-object-tags.ts';
import { createTag, deleteTag, updateTag } from '../../controller/tags/change-tags.ts';
import { readTagAssignments, readTags } from '../../controller/tags/read-tags.ts';
import { inventoryTypeOf } from '../../model/object-kind.ts';
import type { OBJECT_ROUTES } from '../../wire/api/inventory-objects.ts';
import type { TAG_ROUTES } from '../../wire/api/tags.ts';
import type { Handlers } from '../handlers.ts';
import { judge, startTask } from '../start-task.ts';

export const objectRoutes = {
  readObject: ({ context: { db }, session: { caller }, params }) =>
    readObject({ db, caller }, params.id),
  renameObject: (request) => {
    const { id: objectId } = request.params;
    const type = inventoryTypeOf(objectId);
    const label = type ? RENAME_LABELS[type] : renameObject.label;
    const input = { objectId, name: request.body.name };
    return startTask(request, renameObject, input, { key: renameObject.key, label });
  },
  moveObjects: (request) => {
    const input = { destinationId: request.params.id, objectIds: request.body.objectIds };
    return startTask(request, moveInto, input);
  },
  checkMoveObjects: (request) => {
    const input = { destinationId: request.params.id, objectIds: request.body.objectIds };
    return judge(request, moveInto, input);
  },
  deleteObject: (request) => {
    const { id: objectId } = request.params;
    const type = inventoryTypeOf(objectId);
    const label = (type && DELETE_LABELS[type]) ?? deleteObject.label;
    return startTask(request, deleteObject, { objectId }, { key: deleteObject.key, label });
  },
  createFolder: async ({ context: { db }, session: { caller }, body }) => ({
    id: await addFolder(db, caller, body),
  }),
  createDatacenter: async ({ context: { db }, session: { caller }, body }) => ({
    id: await addDatacenter(db, caller, body),
  }),
  createCluster: async ({ context: { db }, session: { caller }, body }) => ({
    id: await addCluster(db, caller, body),
  }),

  listTags: ({ context: { db }, session: { caller } }) => readTags(db, caller),
  listTagAssignments: ({ context: { db } }) => readTagAssignments(db),
  createTagCategory: async ({ context: { db }, session: { caller }, body }) => ({
    id: await createCategory(db, caller, body),
  }),
  async updateTagCategory({ context: { db }, session: { caller }, params: { id }, body }) {
    await updateCategory(db, caller, { id, input: body });
    return {};
  },
  async deleteTagCategory({ context: { db }, session: { caller }, params }) {
    await deleteCategory(db, caller, params.id);
    return {};
  },
  createTag: async ({ context: { db }, session: { caller }, body }) => ({
    id: await createTag(db, caller, body),
  }),
  async updateTag({ context: { db }, session: { caller }, params: { id }, body }) {
    await updateTag(db, caller, { id, input: body });
    return {};
  },
  async deleteTag({ context: { db }, session: { caller }, params }) {
    await deleteTag(db, caller, params.id);
    return {};
  },
  async changeObjectTags({ context: { db }, session: { caller }, params, body }) {
    await changeObjectTags(db, caller, { objectId: params.id, input: body });
    return {};
  },

  listCustomFields: ({ context: { db }, session: { caller } }) => readCustomFields(db, caller),
  createCustomField: async ({ context: { db }, session: { caller }, body }) => ({
    id: await createCustomField(db, caller, body),
  }),
  async renameCustomField({ context: { db }, session: { caller }, params: { id }, body }) {
    await renameCustomField(db, caller, { id, input: body });
    return {};
  },
  async deleteCustomField({ context: { db }, session: { caller }, params }) {
    await deleteCustomField(db, caller, params.id);
    return {};
  },
  async setCustomValues({ context: { db }, session: { caller }, params, body }) {
    await setCustomValues(db, caller, { objectId: params.id, input: body });
    return {};
  },
} satisfies Partial<Handlers<keyof typeof OBJECT_ROUTES | keyof typeof TAG_ROUTES>>;
