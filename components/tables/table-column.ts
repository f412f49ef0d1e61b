// What a data table knows of a column: how to get its value (for sorting, searching, export) and
// how to draw its cell.
import type { ReactNode } from 'react';

export type ColumnValue = string | number | boolean | null;

export interface TableColumn<Row> {
  /** Also the field's name in a search: `id:text`. Letters, digits, - and _. */
  id: string;
  header: string;
  /** Sorted, searched and exported by this; dates as ISO text. */
  value: (row: Row) => ColumnValue;
  /**
   * What searching and export see where the value itself is not what people read ("Powered on").
   */
  text?: (row: Row) => string;
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
  /** Of a cell with several values: each of them, as its filter lists them. */
  parts?: (row: Row) => readonly string[];
}

export function columnText<Row>(column: TableColumn<Row>, row: Row): string {
  if (column.text) return column.text(row);
  const value = column.value(row);
  return value === null ? '' : String(value);
}
