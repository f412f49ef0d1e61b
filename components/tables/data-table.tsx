'use client';
// The table of every list: 10,000 rows, sorted, searched (`name:web -state:off`), columns chosen,
// rows selected, exported, all by keyboard (arrows, Home, End, Page keys, Enter opens, Space
// selects, Ctrl-A, Ctrl-F searches).
// Props: `id` (its state in the URL and this browser), `label`, `rows`, `rowId`, `columns` (the
// first names the row), `onOpen` (Enter or click: open a page or the side panel), `openId` (the
// row now shown in the panel), `bulkActions` (makes rows selectable; drawn for what is selected),
// `rowMenu` (context menu), `toolbar` (buttons at the right), `empty` (when there are no rows at
// all), `loading`, `defaultSort`, `height` (else fills its parent), `source` instead of `rows` when
// they stay on the server (then without selection).
import { type ReactNode, type RefObject, useMemo, useRef } from 'react';
import type { MenuItem } from '#components/ui/overlays/menu-item.ts';
import { EmptyState } from '#components/ui/states/empty-state.tsx';
import { ErrorState } from '#components/ui/states/error-state.tsx';
import { Skeleton } from '#components/ui/states/skeleton.tsx';
import type { RowSource } from './row-source.ts';
import { useSourceModel } from './source-model.ts';
import type { TableColumn } from './table-column.ts';
import { TableGrid } from './table-grid.tsx';
import { type TableModel, useTableModel } from './table-model.ts';
import { TableToolbar } from './table-toolbar.tsx';
import { useColumns } from './use-columns.ts';
import { type TableSort, type TableUrl, useTableUrl } from './use-table-url.ts';

interface SharedProps<Row extends object> {
  id: string;
  label: string;
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

interface LocalProps<Row extends object> extends SharedProps<Row> {
  rows: readonly Row[] | undefined;
}

interface SourceProps<Row extends object> extends SharedProps<Row> {
  source: RowSource<Row>;
}

export type DataTableProps<Row extends object> = LocalProps<Row> | SourceProps<Row>;

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  return 'source' in props ? <SourceTable {...props} /> : <LocalTable {...props} />;
}

function LocalTable<Row extends object>(props: LocalProps<Row>) {
  const { id, rows, rowId, columns, loading = false, empty, defaultSort } = props;
  const url = useTableUrl(id, defaultSort ?? null);
  const known = useMemo(() => rows ?? [], [rows]);
  const model = useTableModel({ rows: known, columns, rowId, query: url.query, sort: url.sort });
  if (rows === undefined || loading) return <Loading {...props} />;
  if (rows.length === 0 && empty) return <>{empty}</>;
  return <TableFrame {...props} rows={known} model={model} url={url} />;
}

const NO_ROWS: readonly never[] = [];
const FAILED = 'The list could not be read: what it shows is from before';

function SourceTable<Row extends object>(props: SourceProps<Row>) {
  const { id, source, rowId, columns, empty, defaultSort } = props;
  const url = useTableUrl(id, defaultSort ?? null);
  const known = columns.find((column) => column.id === url.sort?.column) ?? columns[0];
  const sort = `${url.sort?.descending ? '-' : ''}${known?.id ?? ''}`;
  const found = useSourceModel(source, { search: url.query, sort }, rowId);
  const { model, error, refetch, onRange } = found;
  if (!model && error) return <ErrorState error={error} onRetry={refetch} />;
  if (!model) return <Loading {...props} />;
  if (model.total === 0 && empty && !error) return <>{empty}</>;
  const failed = error ? (
    <div className="max-h-48 shrink-0 overflow-y-auto border-b border-line px-3">
      <ErrorState error={error} title={FAILED} onRetry={refetch} compact />
    </div>
  ) : null;
  return (
    <TableFrame
      {...props}
      rows={NO_ROWS}
      model={model}
      url={url}
      failed={failed}
      onRange={onRange}
    />
  );
}

function Loading({ label }: { label: string }) {
  return (
    <div className="p-4">
      <Skeleton lines={8} label={`Loading ${label}`} />
    </div>
  );
}

interface FrameProps<Row extends object> extends SharedProps<Row> {
  rows: readonly Row[];
  source?: RowSource<Row>;
  model: TableModel<Row>;
  url: TableUrl;
  /** Why the rows shown are not those asked for. */
  failed?: ReactNode;
  onRange?: (first: number, last: number) => void;
}

function TableFrame<Row extends object>(props: FrameProps<Row>) {
  const { id, label, columns, rows, model, url, height, failed } = props;
  const search: RefObject<HTMLInputElement | null> = useRef(null);
  const choice = useColumns(id, columns);
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
      {failed}
      <TableGrid
        id={id}
        label={label}
        columns={choice.shown}
        allColumns={columns}
        rows={rows}
        source={props.source}
        model={model}
        url={url}
        selectable={props.bulkActions !== undefined}
        filterable={!props.plain}
        openId={props.openId ?? null}
        onOpen={props.onOpen}
        rowMenu={props.rowMenu}
        onRange={props.onRange}
        onSearch={() => search.current?.focus()}
      />
      {model.rows.length === 0 && !failed && (
        <EmptyState title="Nothing matches the search">
          {`None of ${model.total} matches “${url.query}”.`}
        </EmptyState>
      )}
    </div>
  );
}
