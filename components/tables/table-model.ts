'use client';
// The rows that a table shows: searched, sorted (TanStack Table), with their selection.
import {
  createSortedRowModel,
  type RowSelectionState,
  rowSelectionFeature,
  rowSortingFeature,
  type SortFn,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useDeferredValue, useMemo, useState } from 'react';
import { comparerOf, matcherOf, parseQuery } from '#lib/base/row-search.ts';
import type { TableColumn } from './table-column.ts';
import type { TableSort } from './use-table-url.ts';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  rowSelectionFeature,
});

export interface TableModel<Row extends object> {
  /** In the order shown; of rows that stay on the server, with gaps where none are asked for. */
  rows: readonly { id: string; row: Row }[];
  /** All of them, for the export. */
  allRows: () => Promise<readonly Row[]>;
  total: number;
  selectedIds: ReadonlySet<string>;
  /** Of the rows that match; those selected and then filtered away are not acted upon. */
  selectedRows: readonly Row[];
  toggle: (id: string, range: boolean) => void;
  selectAll: (selected: boolean) => void;
}

export interface TableModelOptions<Row extends object> {
  rows: readonly Row[];
  columns: readonly TableColumn<Row>[];
  rowId: (row: Row) => string;
  query: string;
  sort: TableSort | null;
}

export function useTableModel<Row extends object>(
  options: TableModelOptions<Row>,
): TableModel<Row> {
  const { rows, columns, rowId, query, sort } = options;
  const [rowSelection, setRowSelection] = useState<RowSelectionState>({});
  const [anchor, setAnchor] = useState<string | null>(null);
  const searched = useDeferredValue(query);
  const matching = useMemo(() => {
    const terms = parseQuery(
      searched,
      columns.map((column) => column.id),
    );
    return terms.length === 0 ? [...rows] : rows.filter(matcherOf(terms, columns));
  }, [rows, columns, searched]);
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: column.value,
        sortFn: sortBy(column),
        sortUndefined: 'last' as const,
      })),
    [columns],
  );
  const sorting = useMemo(() => (sort ? [{ id: sort.column, desc: sort.descending }] : []), [sort]);
  const table = useTable({
    features,
    columns: definitions,
    data: matching,
    getRowId: rowId,
    state: { sorting, rowSelection },
    onRowSelectionChange: setRowSelection,
  });
  const { rows: sorted } = table.getRowModel();
  const shown = useMemo(() => sorted.map((row) => ({ id: row.id, row: row.original })), [sorted]);
  const selectedIds = useMemo(() => new Set(Object.keys(rowSelection)), [rowSelection]);
  const selectedRows = useMemo(
    () => shown.filter((one) => selectedIds.has(one.id)).map((one) => one.row),
    [shown, selectedIds],
  );
  const toggle = (id: string, range: boolean) => {
    setRowSelection((before) => toggled(before, rangeOf(shown, range ? anchor : null, id), id));
    setAnchor(id);
  };
  return {
    rows: shown,
    allRows: async () => shown.map(({ row }) => row),
    total: rows.length,
    selectedIds,
    selectedRows,
    toggle,
    selectAll: (selected) => setRowSelection(selected ? allSelected(shown) : {}),
  };
}

function allSelected(shown: readonly { id: string }[]): RowSelectionState {
  const selection: RowSelectionState = {};
  for (const { id } of shown) selection[id] = true;
  return selection;
}

function sortBy<Row extends object>(column: TableColumn<Row>): SortFn<typeof features, Row> {
  const compare = comparerOf(column);
  return (a, b) => compare(a.original, b.original);
}

function rangeOf(
  shown: readonly { id: string }[],
  anchor: string | null,
  id: string,
): readonly string[] {
  const from = shown.findIndex((one) => one.id === anchor);
  const to = shown.findIndex((one) => one.id === id);
  if (from < 0 || to < 0) return [id];
  return shown.slice(Math.min(from, to), Math.max(from, to) + 1).map((one) => one.id);
}

/** All of the range become what the clicked row becomes. */
function toggled(
  before: RowSelectionState,
  ids: readonly string[],
  clicked: string,
): RowSelectionState {
  const after = { ...before };
  for (const id of ids) {
    if (before[clicked]) delete after[id];
    else after[id] = true;
  }
  return after;
}
