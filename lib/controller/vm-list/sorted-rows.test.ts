// Orders that are kept while rows come, change and go are those that sorting anew would give.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SearchColumn } from '../../base/row-search.ts';
import { SortedRows } from './sorted-rows.ts';

interface Row {
  id: string;
  name: string;
  size: number;
}

const COLUMNS: SearchColumn<Row>[] = [
  { id: 'name', value: ({ name }) => name },
  { id: 'size', value: ({ size }) => size },
];

const rowArbitrary = fc.record({
  id: fc.integer({ min: 0, max: 60 }).map((number) => `vm-${number}`),
  name: fc.integer({ min: 0, max: 1_000 }).map((number) => `web${number}`),
  size: fc.integer({ min: 0, max: 3 }),
});
const rowsArbitrary = fc.uniqueArray(rowArbitrary, { selector: ({ id }) => id, maxLength: 60 });

it('keeps every order through changes', () => {
  fc.assert(
    fc.property(
      rowsArbitrary,
      fc.array(
        fc.record({
          fresh: fc.uniqueArray(rowArbitrary, { selector: ({ id }) => id, maxLength: 2 }),
          gone: fc.integer({ min: 0, max: 60 }),
        }),
        { maxLength: 5 },
      ),
      (first, steps) => {
        const kept = new SortedRows(COLUMNS, first);
        const plain = new Map(first.map((row) => [row.id, row]));
        for (const sort of ['name', '-size']) kept.inOrder(sort);
        for (const { fresh, gone } of steps) {
          const ids = new Set([`vm-${gone}`, ...fresh.map(({ id }) => id)]);
          kept.replace(ids, fresh);
          for (const id of ids) plain.delete(id);
          for (const row of fresh) plain.set(row.id, row);
          const again = new SortedRows(COLUMNS, [...plain.values()]);
          for (const sort of ['name', '-size', 'size']) {
            const keyOf = ({ name, size }: Row) => `${name} ${size}`;
            expect(kept.inOrder(sort).map(keyOf)).toEqual(again.inOrder(sort).map(keyOf));
          }
        }
      },
    ),
  );
});

it('keeps one order for all columns that it does not know', () => {
  const kept = new SortedRows(COLUMNS, [
    { id: 'vm-1', name: 'web2', size: 1 },
    { id: 'vm-2', name: 'web1', size: 2 },
  ]);
  for (const unknown of ['nosuch', '', 'sizes', 'Name']) {
    expect(kept.inOrder(unknown)).toBe(kept.inOrder('name'));
    expect(kept.inOrder(`-${unknown}`)).toBe(kept.inOrder('-name'));
  }
  expect(kept.inOrder('--size')).toBe(kept.inOrder('-name'));
  expect(kept.inOrder('nosuch').map(({ id }) => id)).toEqual(['vm-2', 'vm-1']);
  expect(kept.inOrder('-nosuch').map(({ id }) => id)).toEqual(['vm-1', 'vm-2']);
});
