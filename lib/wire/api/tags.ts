// Tags with their categories, and custom attributes: what an administrator says of objects in words
// of his own.
import { z } from 'zod';
import {
  CUSTOM_VALUE_LENGTH_MAX,
  TAG_DESCRIPTION_LENGTH_MAX,
  TAGS_PER_CALL_MAX,
} from '../../model/limits.ts';
import { INVENTORY_TYPES } from '../../model/object-kind.ts';
import { verdictSchema } from '../../model/task.ts';
import { inventoryNameSchema } from './inventory-objects.ts';

const actions = z.record(z.string(), verdictSchema);
const none = z.object({});
const created = z.object({ id: z.string() });
const inventoryType = z.enum(INVENTORY_TYPES);
const id = z.string().max(40);

const tagCategoryInputSchema = z.object({
  name: inventoryNameSchema,
  description: z.string().trim().max(TAG_DESCRIPTION_LENGTH_MAX).default(''),
  /** Whether one object may have several tags of it. */
  multiple: z.boolean().default(false),
  /** Objects that its tags can be assigned to; empty: all. */
  associableTypes: z.array(inventoryType).max(INVENTORY_TYPES.length).default([]),
});
export type TagCategoryInput = z.output<typeof tagCategoryInputSchema>;

const tagInputSchema = z.object({
  name: inventoryNameSchema,
  description: z.string().trim().max(TAG_DESCRIPTION_LENGTH_MAX).default(''),
});

/** GET /tags: all categories and all tags, by name. */
const tagCatalogueSchema = z.object({
  categories: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), description: z.string(), multiple: z.boolean() },
      associableTypes: z.array(inventoryType),
      /** edit, delete. */
      actions,
    }),
  ),
  tags: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), description: z.string(), categoryId: z.string() },
      /** How many objects have it. */
      objectCount: z.number().int(),
      /** edit, delete. */
      actions,
    }),
  ),
  /** createCategory, createTag. */
  actions,
});
export type TagCatalogue = z.infer<typeof tagCatalogueSchema>;
export type TagView = TagCatalogue['tags'][number];
export type TagCategoryView = TagCatalogue['categories'][number];

/** GET /custom-fields. */
const customFieldsSchema = z.object({
  fields: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), type: inventoryType.nullable() },
      /** How many objects have a value. */
      objectCount: z.number().int(),
      /** rename, delete. */
      actions,
    }),
  ),
  /** create. */
  actions,
});
export type CustomFields = z.infer<typeof customFieldsSchema>;
export type CustomFieldView = CustomFields['fields'][number];

export const TAG_ROUTES = {
  listTags: { method: 'GET', path: '/tags', answer: tagCatalogueSchema },
  /** Which objects have which tag: what tables and the search are filtered by. */
  listTagAssignments: {
    method: 'GET',
    path: '/tag-assignments',
    answer: z.array(z.object({ tagId: z.string(), objectIds: z.array(z.string()) })),
  },
  createTagCategory: {
    method: 'POST',
    path: '/tag-categories',
    body: tagCategoryInputSchema,
    answer: created,
  },
  updateTagCategory: {
    method: 'PATCH',
    path: '/tag-categories/{id}',
    body: tagCategoryInputSchema,
    answer: none,
  },
  /** With its tags, wherever they are assigned. */
  deleteTagCategory: { method: 'DELETE', path: '/tag-categories/{id}', answer: none },
  createTag: {
    method: 'POST',
    path: '/tags',
    body: tagInputSchema.extend({ categoryId: id }),
    answer: created,
  },
  updateTag: { method: 'PATCH', path: '/tags/{id}', body: tagInputSchema, answer: none },
  /** Wherever it is assigned. */
  deleteTag: { method: 'DELETE', path: '/tags/{id}', answer: none },
  changeObjectTags: {
    method: 'POST',
    path: '/objects/{id}/tags',
    body: z.object({
      assign: z.array(id).max(TAGS_PER_CALL_MAX).default([]),
      unassign: z.array(id).max(TAGS_PER_CALL_MAX).default([]),
    }),
    answer: none,
  },
  listCustomFields: { method: 'GET', path: '/custom-fields', answer: customFieldsSchema },
  createCustomField: {
    method: 'POST',
    path: '/custom-fields',
    /** Without a type: of all objects. */
    body: z.object({ name: inventoryNameSchema, type: inventoryType.nullable().default(null) }),
    answer: created,
  },
  renameCustomField: {
    method: 'PATCH',
    path: '/custom-fields/{id}',
    body: z.object({ name: inventoryNameSchema }),
    answer: none,
  },
  /** With the values that objects have. */
  deleteCustomField: { method: 'DELETE', path: '/custom-fields/{id}', answer: none },
  /** An empty value takes it away. */
  setCustomValues: {
    method: 'PUT',
    path: '/objects/{id}/custom-values',
    body: z.object({
      values: z
        .array(z.object({ fieldId: id, value: z.string().trim().max(CUSTOM_VALUE_LENGTH_MAX) }))
        .min(1)
        .max(TAGS_PER_CALL_MAX),
    }),
    answer: none,
  },
} as const;
