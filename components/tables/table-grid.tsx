'use client';
// The grid of a table: sticky header and first column, only the rows in view drawn, one active
// cell that the keys move.
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  memo,
  type ReactElement,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { ContextMenu } from '#components/ui/overlays/context-menu.tsx';
import { ROW_PIXELS, useRowPixels } from '#components/ui/use-row-pixels.ts';
import { handleGridKey } from './grid-keys.ts';
import { cellId, type GridCell, gridTemplate, leastWidth } from './grid-layout.ts';
import type { TableGridProps } from './grid-props.ts';
import type { TableColumn } from './table-column.ts';
import { TableHeader } from './table-header.tsx';
import { type RowHandlers, TableRow } from './table-row.tsx';

export function TableGrid<Row extends object>(props: TableGridProps<Row>) {
  const { id, label, columns, model, selectable, openId, onRange } = props;
  const box = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<GridCell>({ row: -1, column: 0 });
  const rowPixels = useRowPixels();
  const handlers = useRowHandlers(props, setActive);
  // Made here, since memo() at the top of the file would lose the type of the rows.
  const [MemoRow] = useState(() => memo(TableRow<Row>));
  const [MemoHeader] = useState(() => memo(TableHeader<Row>));
  const virtual = useVirtualizer({
    count: model.rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPixels,
    getItemKey: (index) => model.rows[index]?.id ?? index,
    overscan: 10,
    scrollPaddingStart: ROW_PIXELS.header,
  });
  const drawn = virtual.getVirtualItems();
  const first = drawn[0]?.index ?? 0;
  const last = drawn.at(-1)?.index ?? 0;
  useEffect(() => onRange?.(first, last), [onRange, first, last]);
  const style = useMemo(() => gridStyle(columns, selectable), [columns, selectable]);
  const columnCount = columns.length + Number(selectable);
  const entry = model.rows[active.row];
  const pageRows = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowPixels) - 2);
  const grid = (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={model.rows.length + 1}
      aria-colcount={columnCount}
      aria-multiselectable={selectable || undefined}
      aria-activedescendant={entry ? cellId(id, active) : undefined}
      tabIndex={0}
      onKeyDown={(event) =>
        handleGridKey(event, {
          active,
          rowCount: model.rows.length,
          columnCount,
          pageRows,
          cellId: (cell) => cellId(id, cell),
          move: (cell) => {
            setActive(cell);
            virtual.scrollToIndex(cell.row);
          },
          open: () => handlers.open(active.row),
          toggle: () => selectable && entry && model.toggle(entry.id, event.shiftKey),
          selectAll: () => selectable && model.selectAll(true),
          search: props.onSearch,
        })
      }
      className="h-full overflow-auto bg-surface -outline-offset-2"
      style={style}
    >
      <MemoHeader {...props} />
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {drawn.map((item) => {
          const shown = model.rows[item.index];
          if (!shown) return null;
          return (
            <MemoRow
              key={shown.id}
              tableId={id}
              id={shown.id}
              index={item.index}
              top={item.start}
              row={shown.row}
              columns={columns}
              selectable={selectable}
              selected={model.selectedIds.has(shown.id)}
              opened={openId === shown.id}
              activeColumn={active.row === item.index ? active.column : -1}
              openable={props.onOpen !== undefined}
              handlers={handlers}
            />
          );
        })}
      </div>
    </div>
  );
  return <RowMenu {...props} active={active.row} grid={grid} />;
}

/**
 * The same object for ever, calling what the props are now: rows need not be drawn again for a new
 * callback.
 */
function useRowHandlers<Row extends object>(
  props: TableGridProps<Row>,
  setActive: (cell: GridCell) => void,
): RowHandlers {
  const latest = useRef(props);
  latest.current = props;
  return useMemo(
    () => ({
      toggle: (id, range) => latest.current.model.toggle(id, range),
      activate: (row, column) => setActive({ row, column }),
      open: (index) => {
        const entry = latest.current.model.rows[index];
        if (entry) latest.current.onOpen?.(entry.row);
      },
    }),
    [setActive],
  );
}

interface RowMenuProps<Row extends object> extends TableGridProps<Row> {
  active: number;
  grid: ReactElement;
}

/** One menu for all rows: which row it is about is known when it is asked for. */
function RowMenu<Row extends object>({ rowMenu, model, active, grid }: RowMenuProps<Row>) {
  const [index, setIndex] = useState(-1);
  if (!rowMenu) return <div className="min-h-0 flex-1">{grid}</div>;
  const entry = model.rows[index];
  return (
    <ContextMenu items={entry ? rowMenu(entry.row) : []} className="min-h-0 flex-1">
      <div
        role="presentation"
        className="h-full"
        onContextMenuCapture={(event) => {
          const row = event.target instanceof Element && event.target.closest('[data-row]');
          setIndex(row ? Number(row.getAttribute('data-row')) : active);
        }}
      >
        {grid}
      </div>
    </ContextMenu>
  );
}

function gridStyle<Row>(columns: readonly TableColumn<Row>[], selectable: boolean): CSSProperties {
  const variables: Record<`--${string}`, string> = {
    '--columns': gridTemplate(columns, selectable),
    '--least': `${leastWidth(columns, selectable)}px`,
  };
  return variables;
}
