'use client';
// Above a table: search, what is selected and what can be done with it, the table's own buttons,
// columns, export.
import { Columns3, Download, Search, X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { formatCount } from '#components/format/quantities.ts';
import { Button } from '#components/ui/button.tsx';
import { IconButton } from '#components/ui/icon-button.tsx';
import { Menu } from '#components/ui/overlays/menu.tsx';
import { showFault } from '#components/ui/overlays/toast.tsx';
import { Tooltip } from '#components/ui/tooltip.tsx';
import type { TableColumn } from './table-column.ts';
import { tableCsv } from './table-csv.ts';
import type { TableModel } from './table-model.ts';
import type { ColumnChoice } from './use-columns.ts';
import type { TableUrl } from './use-table-url.ts';

export interface TableToolbarProps<Row extends object> {
  id: string;
  label: string;
  columns: readonly TableColumn<Row>[];
  choice: ColumnChoice<Row>;
  model: TableModel<Row>;
  url: TableUrl;
  searchRef: RefObject<HTMLInputElement | null>;
  bulkActions?: ((rows: readonly Row[]) => ReactNode) | undefined;
  toolbar?: ReactNode;
}

export function TableToolbar<Row extends object>(props: TableToolbarProps<Row>) {
  const { label, columns, choice, model, bulkActions, toolbar } = props;
  const selected = model.selectedRows.length;
  const count =
    model.rows.length === model.total
      ? formatCount(model.total)
      : `${formatCount(model.rows.length)} of ${formatCount(model.total)}`;
  return (
    <div
      className="flex min-h-10 shrink-0 flex-wrap items-center gap-2 border-b border-line
      bg-surface px-3 py-1.5"
    >
      <SearchBox {...props} />
      <output className="text-sm whitespace-nowrap text-muted">{count}</output>
      {bulkActions && selected > 0 && (
        <div className="flex flex-wrap items-center gap-2 border-l border-line pl-2">
          <span className="text-sm font-medium">{`${formatCount(selected)} selected`}</span>
          {bulkActions(model.selectedRows)}
          <Button size="small" variant="ghost" onClick={() => model.selectAll(false)}>
            Clear
          </Button>
        </div>
      )}
      <div className="ml-auto flex items-center gap-1">
        {toolbar}
        <Menu
          align="end"
          trigger={<IconButton label="Choose columns" icon={<Columns3 size={15} />} />}
          items={columns.slice(1).map((column) => ({
            id: column.id,
            label: column.header,
            checked: choice.isShown(column.id),
            onSelect: () => choice.toggle(column.id),
          }))}
        />
        <IconButton
          label="Export as CSV"
          icon={<Download size={15} />}
          onClick={() => void exportRows(props)}
          aria-description={`${label}: the rows and columns shown`}
        />
      </div>
    </div>
  );
}

/** What goes wrong is said in a toast: the rows may have to be read from the server first. */
async function exportRows<Row extends object>(props: TableToolbarProps<Row>): Promise<void> {
  const { id, label, choice, model } = props;
  try {
    saveText(`${id}.csv`, tableCsv(choice.shown, await model.allRows()));
  } catch (error) {
    showFault(`${label}: the rows were not exported`, error);
  }
}

function SearchBox<Row extends object>({ label, columns, url, searchRef }: TableToolbarProps<Row>) {
  const fields = columns.map((column) => column.id).join(', ');
  return (
    <Tooltip
      delay={700}
      side="bottom"
      content={
        <div className="space-y-1">
          <p>
            <code>web</code> anywhere · <code>-test</code> not · <code>"two words"</code>
          </p>
          <p>
            <code>{columns[0]?.id}:web</code> in a column · <code>a,b</code> either
          </p>
          <p>
            <code>&gt;</code> and <code>&lt;</code> instead of the colon for numbers
          </p>
          <p className="text-muted">Columns: {fields}</p>
        </div>
      }
    >
      <div className="relative flex w-80 max-w-full items-center">
        <Search aria-hidden size={14} className="pointer-events-none absolute left-2 text-muted" />
        <input
          ref={searchRef}
          type="search"
          aria-label={`Search ${label}`}
          placeholder="Search"
          value={url.query}
          onChange={(event) => url.setQuery(event.target.value)}
          className="h-7 w-full rounded-md border border-line-strong bg-surface pr-7 pl-7
            placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
        />
        {url.query !== '' && (
          <button
            type="button"
            aria-label="Clear the search"
            onClick={() => url.setQuery('')}
            className="absolute right-0.5 inline-flex size-6 items-center justify-center
              rounded-md hover:bg-hover"
          >
            <X aria-hidden size={13} />
          </button>
        )}
      </div>
    </Tooltip>
  );
}

function saveText(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
