// A table's rows as CSV (RFC 4180: CRLF, quotes doubled), as seen: the shown columns, filtered and
// sorted. Pure.
import { columnText } from '#lib/base/row-search.ts';
import type { TableColumn } from './table-column.ts';

/** Numbers are exported as numbers, all else as the text that is read. */
export function tableCsv<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => cellOf(column.header)).join(',')];
  for (const row of rows) {
    const cells = columns.map((column) => {
      const value = column.value(row);
      return typeof value === 'number' ? String(value) : cellOf(columnText(column, row));
    });
    lines.push(cells.join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A text that a spreadsheet would run as a formula gets a quote mark in front. */
function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
