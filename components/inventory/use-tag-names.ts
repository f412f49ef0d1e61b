// The names of the tags that each object has: what tables and the search are filtered by.
import { useMemo } from 'react';
import { useCall } from '#lib/client/use-call.ts';
import type { TableColumn } from '../tables/table-column.ts';

export type TagNames = ReadonlyMap<string, readonly string[]>;

/** By id of the object; without those that have none. */
export function useTagNames(): TagNames {
  const catalogue = useCall('listTags', {}).data;
  const assignments = useCall('listTagAssignments', {}).data;
  return useMemo(() => {
    const names = new Map<string, string[]>();
    const nameOf = new Map(catalogue?.tags.map(({ id, name }) => [id, name]));
    for (const { tagId, objectIds } of assignments ?? []) {
      const name = nameOf.get(tagId);
      if (name === undefined) continue;
      for (const id of objectIds) names.set(id, [...(names.get(id) ?? []), name]);
    }
    for (const list of names.values()) list.sort();
    return names;
  }, [catalogue, assignments]);
}

/** The columns of a table of objects, and their tags: shown as soon as any object has one. */
export function useColumnsWithTags<Row extends { id: string }>(
  columns: readonly TableColumn<Row>[],
): readonly TableColumn<Row>[] {
  const names = useTagNames();
  return useMemo(() => [...columns, tagsColumn<Row>(names)], [columns, names]);
}

function tagsColumn<Row extends { id: string }>(names: TagNames): TableColumn<Row> {
  const of = ({ id }: Row) => names.get(id) ?? [];
  return {
    id: 'tags',
    header: 'Tags',
    width: 130,
    hidden: names.size === 0,
    facet: true,
    value: (row) => of(row).join(', '),
    parts: of,
  };
}
