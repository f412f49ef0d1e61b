// What a data table knows of a column: how to get its value (for sorting, searching, export) and
// how to draw its cell.
import type { ReactNode } from 'react';
import type { SearchColumn } from '#lib/base/row-search.ts';

export interface TableColumn<Row> extends SearchColumn<Row> {
  header: string;
  /** Drawn in the cell; the text by default. */
  cell?: (row: Row) => ReactNode;
  /** Pixels; a growing column takes at least so much. 140 by default. */
  width?: number;
  grow?: boolean;
  align?: 'start' | 'end';
  /** Not shown until chosen. */
  hidden?: boolean;
  /** Its filter lists the values that occur, to be ticked. */
  facet?: boolean;
}
