'use client';
// One row of a table: its check box, its cells, its context menu.
import type { MouseEvent } from 'react';
import { classNames } from '#components/ui/class-names.ts';
import { Checkbox } from '#components/ui/forms/checkbox.tsx';
import { ContextMenu } from '#components/ui/overlays/context-menu.tsx';
import type { MenuItem } from '#components/ui/overlays/menu-entries.tsx';
import { columnText, type TableColumn } from './table-column.ts';
import { cellId, ROW_GRID } from './table-grid.tsx';

export interface TableRowProps<Row extends object> {
  tableId: string;
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
  menu?: (row: Row) => readonly MenuItem[];
  onToggle: (range: boolean) => void;
  onActivate: (column: number) => void;
  onOpen: () => void;
}

export function TableRow<Row extends object>(props: TableRowProps<Row>) {
  const { index, top, row, selected, opened, openable, menu } = props;
  const click = (event: MouseEvent<HTMLElement>) => {
    if (event.target instanceof Element && event.target.closest('a, button, [role="checkbox"]')) {
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey) props.onToggle(event.shiftKey);
    else props.onOpen();
  };
  const cells = <Cells {...props} />;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={props.selectable ? selected : undefined}
      onClick={click}
      className={classNames(
        ROW_GRID,
        'group/row absolute top-0 left-0 border-b border-line',
        openable && 'cursor-pointer',
        selected || opened ? 'bg-selected' : 'bg-surface hover:bg-hover',
      )}
      style={{ height: 'var(--row)', transform: `translateY(${top}px)` }}
    >
      {menu ? (
        <ContextMenu items={menu(row)} className="contents">
          {cells}
        </ContextMenu>
      ) : (
        cells
      )}
    </div>
  );
}

function Cells<Row extends object>(props: TableRowProps<Row>) {
  const { tableId, index, row, columns, selectable, selected, activeColumn, onActivate } = props;
  const offset = Number(selectable);
  return (
    <>
      {selectable && (
        <div
          role="gridcell"
          id={cellId(tableId, { row: index, column: 0 })}
          aria-colindex={1}
          className={classNames('flex items-center pl-3', activeColumn === 0 && ACTIVE)}
          onClickCapture={(event) => {
            event.stopPropagation();
            event.preventDefault();
            props.onToggle(event.shiftKey);
          }}
        >
          <Checkbox
            hideLabel
            tabIndex={-1}
            label={`Select ${firstText(columns, row)}`}
            checked={selected}
            onChange={() => undefined}
          />
        </div>
      )}
      {columns.map((column, at) => (
        <div
          key={column.id}
          role={at === 0 ? 'rowheader' : 'gridcell'}
          id={cellId(tableId, { row: index, column: at + offset })}
          aria-colindex={at + offset + 1}
          onMouseDown={() => onActivate(at + offset)}
          className={classNames(
            'flex min-w-0 items-center px-3',
            column.align === 'end' && 'justify-end text-right',
            at === 0 && 'sticky left-0 z-1 bg-inherit font-medium',
            activeColumn === at + offset && ACTIVE,
          )}
        >
          <div className="flex min-w-0 items-center gap-2 truncate">
            {column.cell ? column.cell(row) : columnText(column, row)}
          </div>
        </div>
      ))}
    </>
  );
}

const ACTIVE =
  'outline-2 -outline-offset-2 outline-focus [[role=grid]:not(:focus-visible)_&]:outline-none';

function firstText<Row extends object>(columns: readonly TableColumn<Row>[], row: Row): string {
  const [first] = columns;
  return first ? columnText(first, row) : 'row';
}
