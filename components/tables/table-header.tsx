'use client';
// The header of a table: sorts by a click on the name, filters by the funnel at its right.
import { ArrowDown, ArrowUp } from 'lucide-react';
import { classNames } from '#components/ui/class-names.ts';
import { Checkbox } from '#components/ui/forms/checkbox.tsx';
import { ColumnFilter } from './column-filter.tsx';
import { ROW_GRID } from './grid-layout.ts';
import type { TableGridProps } from './grid-props.ts';
import type { TableColumn } from './table-column.ts';
import type { TableSort } from './use-table-url.ts';

export function TableHeader<Row extends object>(props: TableGridProps<Row>) {
  const { columns, model, url, selectable } = props;
  const picked = model.selectedRows.length;
  return (
    <div role="rowgroup" className="sticky top-0 z-10">
      <div
        role="row"
        aria-rowindex={1}
        className={classNames(ROW_GRID, 'h-[30px] border-b border-line bg-sunken text-sm')}
      >
        {selectable && (
          <div role="columnheader" aria-colindex={1} className="flex items-center pl-2.5">
            <Checkbox
              hideLabel
              label="Select all that match"
              checked={picked === 0 ? false : picked === model.rows.length ? true : 'mixed'}
              onChange={(on) => model.selectAll(on)}
            />
          </div>
        )}
        {columns.map((column, at) => (
          <HeaderCell
            key={column.id}
            {...props}
            column={column}
            at={at}
            order={url.sort?.column === column.id ? url.sort : null}
          />
        ))}
      </div>
    </div>
  );
}

interface HeaderCellProps<Row extends object> extends TableGridProps<Row> {
  column: TableColumn<Row>;
  at: number;
  order: TableSort | null;
}

function HeaderCell<Row extends object>(props: HeaderCellProps<Row>) {
  const { column, at, order, url, selectable, filterable } = props;
  const Arrow = order?.descending ? ArrowDown : ArrowUp;
  const sort = () =>
    url.setSort(order?.descending ? null : { column: column.id, descending: order !== null });
  return (
    <div
      role="columnheader"
      aria-colindex={at + 1 + Number(selectable)}
      aria-sort={order ? (order.descending ? 'descending' : 'ascending') : 'none'}
      className={classNames(
        'group/head flex min-w-0 items-center border-r border-line/60 px-3 last:border-r-0',
        column.align === 'end' && 'flex-row-reverse',
        at === 0 ? 'sticky left-0 z-1 bg-sunken' : 'relative',
      )}
    >
      <button
        type="button"
        onClick={sort}
        className={classNames(
          'flex min-w-0 items-center gap-1 font-semibold',
          order ? 'text-ink' : 'text-muted hover:text-ink',
        )}
      >
        <span className="truncate">{column.header}</span>
        {order && <Arrow aria-hidden size={12} className="shrink-0" />}
      </button>
      {filterable && <ColumnFilter {...props} />}
    </div>
  );
}
