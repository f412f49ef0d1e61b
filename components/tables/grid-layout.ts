// Where the columns of a table stand, shared by its header and rows, and the ids of its cells.
import type { TableColumn } from './table-column.ts';

/** The active cell; row -1 is none yet. */
export interface GridCell {
  row: number;
  column: number;
}

export function cellId(tableId: string, { row, column }: GridCell): string {
  return `${tableId}-cell-${row}-${column}`;
}

const COLUMN_PIXELS = 140;
const PICK_PIXELS = 36;

/** Tracks of the CSS grid that each row is. */
export function gridTemplate<Row>(
  columns: readonly TableColumn<Row>[],
  selectable: boolean,
): string {
  const tracks = columns.map(({ width = COLUMN_PIXELS, grow = false }) =>
    grow ? `minmax(${width}px, 3fr)` : `minmax(${width}px, 1fr)`,
  );
  return [...(selectable ? [`${PICK_PIXELS}px`] : []), ...tracks].join(' ');
}

/** Below this width, in pixels, a table scrolls sideways. */
export function leastWidth<Row>(columns: readonly TableColumn<Row>[], selectable: boolean): number {
  const pick = selectable ? PICK_PIXELS : 0;
  return columns.reduce((sum, { width = COLUMN_PIXELS }) => sum + width, pick);
}

export const ROW_GRID = 'grid w-full min-w-(--least) grid-cols-(--columns)';
