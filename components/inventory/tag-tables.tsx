'use client';
// Tags, their categories, and custom attributes as tables. Props: what there is, and `create` (the
// button that makes one more).
import { Ellipsis, Tags } from 'lucide-react';
import type { ReactNode } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { type InventoryType, KIND_WORDS } from '#lib/model/object-kind.ts';
import type { Verdict } from '#lib/model/verdict.ts';
import type {
  CustomFieldView,
  TagCatalogue,
  TagCategoryView,
  TagView,
} from '#lib/wire/api/tags.ts';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Menu } from '../ui/overlays/menu.tsx';
import type { MenuEntry, MenuItem } from '../ui/overlays/menu-item.ts';
import { EmptyState } from '../ui/states/empty-state.tsx';

const HEIGHT = 480;
const BY_NAME = { column: 'name', descending: false } as const;

interface Shown {
  id: string;
  name: string;
}

type TagRow = TagView & { category: string };

const TAG_COLUMNS: readonly TableColumn<TagRow>[] = [
  { id: 'name', header: 'Name', grow: true, width: 180, value: ({ name }) => name },
  {
    id: 'category',
    header: 'Category',
    width: 160,
    facet: true,
    value: ({ category }) => category,
  },
  {
    id: 'description',
    header: 'Description',
    width: 260,
    value: ({ description }) => description,
  },
  countColumn(),
  menuColumn(tagMenu),
];

interface TagTableProps {
  catalogue: TagCatalogue;
  create: ReactNode;
}

export function TagTable({ catalogue, create }: TagTableProps) {
  const names = new Map(catalogue.categories.map(({ id, name }) => [id, name]));
  const rows = catalogue.tags.map((tag) => ({ ...tag, category: names.get(tag.categoryId) ?? '' }));
  return (
    <DataTable
      id="tags"
      label="Tags"
      rows={rows}
      rowId={({ id }) => id}
      columns={TAG_COLUMNS}
      defaultSort={BY_NAME}
      height={HEIGHT}
      rowMenu={tagMenu}
      toolbar={create}
      empty={
        <EmptyState icon={Tags} title="No tags yet" action={create}>
          Tags say in your own words what objects have in common; lists and the search can be
          filtered by them. Each belongs to a category.
        </EmptyState>
      }
    />
  );
}

const CATEGORY_COLUMNS: readonly TableColumn<TagCategoryView>[] = [
  { id: 'name', header: 'Name', grow: true, width: 180, value: ({ name }) => name },
  {
    id: 'cardinality',
    header: 'On one object',
    width: 140,
    facet: true,
    value: ({ multiple }) => (multiple ? 'Several tags' : 'One tag'),
  },
  {
    id: 'types',
    header: 'For',
    width: 240,
    value: ({ associableTypes }) => forText(associableTypes),
  },
  {
    id: 'description',
    header: 'Description',
    width: 220,
    value: ({ description }) => description,
  },
  menuColumn(categoryMenu),
];

export function CategoryTable({ catalogue, create }: TagTableProps) {
  return (
    <DataTable
      id="tag-categories"
      label="Tag categories"
      rows={catalogue.categories}
      rowId={({ id }) => id}
      columns={CATEGORY_COLUMNS}
      defaultSort={BY_NAME}
      height={HEIGHT}
      rowMenu={categoryMenu}
      toolbar={create}
      empty={
        <EmptyState icon={Tags} title="No categories yet" action={create}>
          A category groups tags, and says which objects may have one of them or several.
        </EmptyState>
      }
    />
  );
}

const FIELD_COLUMNS: readonly TableColumn<CustomFieldView>[] = [
  { id: 'name', header: 'Name', grow: true, width: 220, value: ({ name }) => name },
  {
    id: 'types',
    header: 'Of',
    width: 160,
    facet: true,
    value: ({ type }) => forText(type === null ? [] : [type]),
  },
  countColumn(),
  menuColumn(fieldMenu),
];

interface CustomFieldTableProps {
  rows: readonly CustomFieldView[];
  create: ReactNode;
}

export function CustomFieldTable({ rows, create }: CustomFieldTableProps) {
  return (
    <DataTable
      id="custom-fields"
      label="Custom attributes"
      rows={rows}
      rowId={({ id }) => id}
      columns={FIELD_COLUMNS}
      defaultSort={BY_NAME}
      height={HEIGHT}
      rowMenu={fieldMenu}
      toolbar={create}
      empty={
        <EmptyState icon={Tags} title="No custom attributes yet" action={create}>
          A custom attribute is a name, such as Owner, for which each object has a value of its own.
        </EmptyState>
      }
    />
  );
}

function forText(types: readonly InventoryType[]): string {
  if (types.length === 0) return 'All objects';
  return types.map((type) => KIND_WORDS[type].many).join(', ');
}

function countColumn<Row extends { objectCount: number }>(): TableColumn<Row> {
  return {
    ...{ id: 'objects', header: 'Objects', width: 90, align: 'end' },
    value: ({ objectCount }) => objectCount,
  };
}

function menuColumn<Row extends Shown>(menuOf: (row: Row) => MenuItem[]): TableColumn<Row> {
  return {
    id: 'actions',
    header: 'Actions',
    width: 80,
    value: () => '',
    cell: (row) => (
      <Menu
        align="end"
        trigger={<IconButton label={`Actions of ${row.name}`} icon={<Ellipsis size={15} />} />}
        items={menuOf(row)}
      />
    ),
  };
}

function tagMenu({ id, actions }: TagRow): MenuItem[] {
  return [
    item('Edit…', actions.edit, () => openDialog('tag', { tag: id })),
    remove(actions.delete, () => openDialog('deleteTag', { tag: id })),
  ];
}

function categoryMenu({ id, actions }: TagCategoryView): MenuItem[] {
  return [
    item('New tag in it…', undefined, () => openDialog('tag', { category: id }), true),
    item('Edit…', actions.edit, () => openDialog('tagCategory', { category: id })),
    remove(actions.delete, () => openDialog('deleteTagCategory', { category: id })),
  ];
}

function fieldMenu({ id, actions }: CustomFieldView): MenuItem[] {
  return [
    item('Rename…', actions.rename, () => openDialog('customField', { field: id })),
    remove(actions.delete, () => openDialog('deleteCustomField', { field: id })),
  ];
}

function item(
  label: string,
  verdict: Verdict | undefined,
  onSelect: () => void,
  isFree = false,
): MenuEntry {
  return { id: label, label, disabledReason: isFree ? null : reasonOf(verdict), onSelect };
}

function remove(verdict: Verdict | undefined, onSelect: () => void): MenuEntry {
  return { ...item('Delete…', verdict, onSelect), danger: true };
}
