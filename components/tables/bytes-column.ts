// A column of sizes: sorted by bytes, read with their unit, at the right.
import { formatBytes } from '../format/quantities.ts';
import type { TableColumn } from './table-column.ts';

export interface BytesColumn<Row> {
  id: string;
  header: string;
  width?: number;
  /** Null where it is not known. */
  value: (row: Row) => number | null;
}

export function bytesColumn<Row>(column: BytesColumn<Row>): TableColumn<Row> {
  const { value } = column;
  return {
    width: 100,
    ...column,
    align: 'end',
    text: (row) => {
      const bytes = value(row);
      return bytes === null ? 'Not known' : formatBytes(bytes);
    },
  };
}
