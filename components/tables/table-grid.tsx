'use client';
// The grid of a table: sticky header and first column, only the rows in view drawn, one active cell that the keys move.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, useMemo, useRef, useState } from 'react';
import { classNames } from '#components/ui/class-names.ts';
import type { MenuItem } from '#components/ui/overlays/menu-entries.tsx';
import { ROW_PIXELS, useRowPixels } from '#components/ui/use-row-pixels.ts';
import { handleGridKey } from './grid-keys.ts';
import type { TableColumn } from './table-column.ts';
import { TableHeader } from './table-header.tsx';
import type { TableModel } from './table-model.ts';
import { TableRow } from './table-row.tsx';
import type { TableUrl } from './use-table-url.ts';

export interface TableGridProps<Row extends object> {
  id: string;
  label: string;
  columns: readonly TableColumn<Row>[];
  allColumns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  model: TableModel<Row>;
  url: TableUrl;
  selectable: boolean;
  filterable: boolean;
  openId: string | null;
  onOpen?: (row: Row) => void;
  rowMenu?: (row: Row) => readonly MenuItem[];
  onSearch: () => void;
}

/** The active cell; row -1 is none yet. */
export interface GridCell {
  row: number;
  column: number;
}

export function TableGrid<Row extends object>(props: TableGridProps<Row>) {
  const { id, label, columns, model, selectable, openId, onOpen, rowMenu } = props;
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<GridCell>({ row: -1, column: 0 });
  const rowPixels = useRowPixels();
  const virtual = useVirtualizer({
    count: model.rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPixels,
    getItemKey: (index) => model.rows[index]?.id ?? index,
    overscan: 12,
    scrollPaddingStart: ROW_PIXELS.header,
  });
  const template = useMemo(() => gridTemplate(columns, selectable), [columns, selectable]);
  const columnCount = columns.length + Number(selectable);
  const activeId = active.row >= 0 ? cellId(id, active) : undefined;
  const open = (index: number) => {
    const entry = model.rows[index];
    if (entry) onOpen?.(entry.row);
  };
  const move = (cell: GridCell) => {
    setActive(cell);
    virtual.scrollToIndex(cell.row);
  };
  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={model.rows.length + 1}
      aria-colcount={columnCount}
      aria-multiselectable={selectable || undefined}
      aria-activedescendant={activeId}
      tabIndex={0}
      onKeyDown={(event) =>
        handleGridKey(event, {
          active,
          rowCount: model.rows.length,
          columnCount,
          pageRows: Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowPixels) - 2),
          cellId: (cell) => cellId(id, cell),
          move,
          open: () => open(active.row),
          toggle: () => selectable && toggleAt(model, active.row, event.shiftKey),
          selectAll: () => selectable && model.selectAll(true),
          search: props.onSearch,
        })
      }
      className="min-h-0 flex-1 overflow-auto bg-surface -outline-offset-2"
      style={gridStyle(template, columns)}
    >
      <TableHeader {...props} />
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const entry = model.rows[item.index];
          if (!entry) return null;
          return (
            <TableRow
              key={entry.id}
              tableId={id}
              index={item.index}
              top={item.start}
              row={entry.row}
              columns={columns}
              selectable={selectable}
              selected={model.selectedIds.has(entry.id)}
              opened={openId === entry.id}
              activeColumn={active.row === item.index ? active.column : -1}
              openable={onOpen !== undefined}
              menu={rowMenu}
              onToggle={(range) => model.toggle(entry.id, range)}
              onActivate={(column) => setActive({ row: item.index, column })}
              onOpen={() => open(item.index)}
            />
          );
        })}
      </div>
    </div>
  );
}

export function cellId(tableId: string, { row, column }: GridCell): string {
  return `${tableId}-cell-${row}-${column}`;
}

function toggleAt<Row extends object>(model: TableModel<Row>, index: number, range: boolean): void {
  const entry = model.rows[index];
  if (entry) model.toggle(entry.id, range);
}

function gridTemplate<Row extends object>(
  columns: readonly TableColumn<Row>[],
  selectable: boolean,
): string {
  const tracks = columns.map(({ width = 140, grow = false }) =>
    grow ? `minmax(${width}px, 3fr)` : `minmax(${width}px, 1fr)`,
  );
  return [...(selectable ? ['36px'] : []), ...tracks].join(' ');
}

function gridStyle<Row extends object>(
  template: string,
  columns: readonly TableColumn<Row>[],
): CSSProperties {
  const least = columns.reduce((sum, { width = 140 }) => sum + width, 36);
  return { '--columns': template, '--least': `${least}px` } as CSSProperties;
}

export const ROW_GRID = classNames('grid w-full min-w-(--least) grid-cols-(--columns)');
