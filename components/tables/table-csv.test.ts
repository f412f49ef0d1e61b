// Exported rows open in a spreadsheet as they were, and never as a formula.
import { expect, test } from 'vitest';
import { tableCsv } from './table-csv.ts';

test('quotes, line breaks, formulas and numbers', () => {
  const rows = [
    { name: 'plain', cpu: 1.5 },
    { name: 'a "b", c\nd', cpu: -2 },
    { name: '=cmd()', cpu: 0 },
  ];
  const csv = tableCsv(
    [
      { id: 'name', header: 'Name', value: (row: { name: string }) => row.name },
      { id: 'cpu', header: 'CPU, cores', value: (row: { cpu: number }) => row.cpu },
    ],
    rows,
  );
  expect(csv).toBe('Name,"CPU, cores"\r\nplain,1.5\r\n"a ""b"", c\nd",-2\r\n\'=cmd(),0\r\n');
});
