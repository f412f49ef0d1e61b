'use client';
// The table of every list: 10,000 rows, sorted, searched (`name:web -state:off`), columns chosen,
// rows selected, exported, all by keyboard (arrows, Home, End, Page keys, Enter opens, Space
// selects, Ctrl-A, Ctrl-F searches).
// Props: `id` (its state in the URL and this browser), `label`, `rows`, `rowId`, `columns` (the
// first names the row), `onOpen` (Enter or click: open a page or the side panel), `openId` (the
// row now shown in the panel), `bulkActions` (makes rows selectable; drawn for what is selected),
// `rowMenu` (context menu), `toolbar` (buttons at the right), `empty` (when there are no rows at
// all), `loading`, `defaultSort`, `height` (else fills its parent).
import { type ReactNode, useMemo, useRef } from 'react';
import type { MenuItem } from '#components/ui/overlays/menu-item.ts';
import { EmptyState } from '#components/ui/states/empty-state.tsx';
import { Skeleton } from '#components/ui/states/skeleton.tsx';
import type { TableColumn } from './table-column.ts';
import { TableGrid } from './table-grid.tsx';
import { useTableModel } from './table-model.ts';
import { TableToolbar } from './table-toolbar.tsx';
import { useColumns } from './use-columns.ts';
import { type TableSort, useTableUrl } from './use-table-url.ts';

export interface DataTableProps<Row extends object> {
  id: string;
  label: string;
  rows: readonly Row[] | undefined;
  rowId: (row: Row) => string;
  /** Keep it stable: a constant, or from useMemo. */
  columns: readonly TableColumn<Row>[];
  onOpen?: (row: Row) => void;
  openId?: string | null;
  bulkActions?: (rows: readonly Row[]) => ReactNode;
  rowMenu?: (row: Row) => readonly MenuItem[];
  toolbar?: ReactNode;
  empty?: ReactNode;
  loading?: boolean;
  defaultSort?: TableSort;
  height?: number;
  /** Without search, chooser and export: for a handful of rows inside a page. */
  plain?: boolean;
}

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { id, label, rows, rowId, columns, loading = false, empty, defaultSort, height } = props;
  const search = useRef<HTMLInputElement>(null);
  const url = useTableUrl(id, defaultSort ?? null);
  const choice = useColumns(id, columns);
  const known = useMemo(() => rows ?? [], [rows]);
  const model = useTableModel({ rows: known, columns, rowId, query: url.query, sort: url.sort });

  if (rows === undefined || loading) {
    return (
      <div className="p-4">
        <Skeleton lines={8} label={`Loading ${label}`} />
      </div>
    );
  }
  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col" style={height ? { height } : undefined}>
      {!props.plain && (
        <TableToolbar
          id={id}
          label={label}
          columns={columns}
          choice={choice}
          model={model}
          url={url}
          searchRef={search}
          bulkActions={props.bulkActions}
          toolbar={props.toolbar}
        />
      )}
      <TableGrid
        id={id}
        label={label}
        columns={choice.shown}
        allColumns={columns}
        rows={known}
        model={model}
        url={url}
        selectable={props.bulkActions !== undefined}
        filterable={!props.plain}
        openId={props.openId ?? null}
        onOpen={props.onOpen}
        rowMenu={props.rowMenu}
        onSearch={() => search.current?.focus()}
      />
      {model.rows.length === 0 && (
        <EmptyState title="Nothing matches the search">
          {`None of ${rows.length} matches “${url.query}”.`}
        </EmptyState>
      )}
    </div>
  );
}
