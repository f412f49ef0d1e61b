'use client';
// One row of a table: its check box and its cells. The grid draws it anew only when something of
// it changed, since hundreds of rows come and go while a list is scrolled: hence plain elements
// and shared handlers.
import { Check } from 'lucide-react';
import type { MouseEvent, ReactNode } from 'react';
import { classNames } from '#components/ui/class-names.ts';
import { columnText } from '#lib/base/row-search.ts';
import { cellId, ROW_GRID } from './grid-layout.ts';
import type { TableColumn } from './table-column.ts';

/** The same object for the life of the table. */
export interface RowHandlers {
  toggle: (id: string, range: boolean) => void;
  activate: (row: number, column: number) => void;
  open: (index: number) => void;
}

export interface TableRowProps<Row extends object> {
  tableId: string;
  id: string;
  index: number;
  top: number;
  row: Row;
  columns: readonly TableColumn<Row>[];
  selectable: boolean;
  selected: boolean;
  opened: boolean;
  /** -1 when the active cell is in another row. */
  activeColumn: number;
  openable: boolean;
  handlers: RowHandlers;
}

export function TableRow<Row extends object>(props: TableRowProps<Row>): ReactNode {
  const { id, index, top, selected, opened, openable, handlers } = props;
  const click = (event: MouseEvent<HTMLElement>) => {
    if (event.target instanceof Element && event.target.closest('a, button')) return;
    const onBox = event.target instanceof Element && event.target.closest('[role="checkbox"]');
    const picks = props.selectable && (event.ctrlKey || event.metaKey || event.shiftKey || onBox);
    if (picks) handlers.toggle(id, event.shiftKey);
    else handlers.open(index);
  };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={props.selectable ? selected : undefined}
      data-row={index}
      onClick={click}
      className={classNames(
        ROW_GRID,
        // A cell that is higher than the row would hide its line.
        'absolute top-0 left-0 grid-rows-1 border-b border-line contain-layout',
        openable && 'cursor-pointer',
        selected || opened ? 'bg-selected' : 'bg-surface hover:bg-hover',
      )}
      style={{ height: 'var(--row)', transform: `translateY(${top}px)` }}
    >
      <Cells {...props} />
    </div>
  );
}

function Cells<Row extends object>(props: TableRowProps<Row>) {
  const { tableId, index, row, columns, selectable, activeColumn, handlers } = props;
  const offset = Number(selectable);
  return (
    <>
      {selectable && <PickCell {...props} />}
      {columns.map((column, at) => (
        <div
          key={column.id}
          role={at === 0 ? 'rowheader' : 'gridcell'}
          id={cellId(tableId, { row: index, column: at + offset })}
          aria-colindex={at + offset + 1}
          onMouseDown={() => handlers.activate(index, at + offset)}
          className={classNames(
            'flex min-w-0 items-center px-3',
            column.align === 'end' && 'justify-end text-right',
            at === 0 && 'sticky left-0 z-1 bg-inherit font-medium',
            activeColumn === at + offset && ACTIVE,
          )}
        >
          <div className="flex min-w-0 items-center gap-2">
            {column.cell ? (
              column.cell(row)
            ) : (
              <span className="truncate">{columnText(column, row)}</span>
            )}
          </div>
        </div>
      ))}
    </>
  );
}

function PickCell<Row extends object>(props: TableRowProps<Row>) {
  const { tableId, index, row, columns, selected, activeColumn } = props;
  const [first] = columns;
  return (
    <div
      role="gridcell"
      id={cellId(tableId, { row: index, column: 0 })}
      aria-colindex={1}
      className={classNames('flex items-center pl-1.5', activeColumn === 0 && ACTIVE)}
    >
      <span
        role="checkbox"
        aria-checked={selected}
        aria-label={`Select ${first ? columnText(first, row) : 'row'}`}
        tabIndex={-1}
        className="flex size-6 items-center justify-center"
      >
        <span
          className={classNames(
            'flex size-4 items-center justify-center rounded-sm border',
            selected ? 'border-accent bg-accent text-on-accent' : 'border-line-strong bg-surface',
          )}
        >
          {selected && <Check aria-hidden size={12} />}
        </span>
      </span>
    </div>
  );
}

const ACTIVE =
  'outline-2 -outline-offset-2 outline-focus [[role=grid]:not(:focus-visible)_&]:outline-none';
