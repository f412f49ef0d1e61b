// Keys move the active cell as the WAI-ARIA data grid says, and never out of the grid.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clampCell, nextCell } from './grid-keys.ts';

const GRID = { rowCount: 100, columnCount: 5, pageRows: 20 };

test.each([
  ['ArrowDown', false, { row: -1, column: 0 }, { row: 0, column: 0 }],
  ['ArrowUp', false, { row: 0, column: 2 }, { row: 0, column: 2 }],
  ['ArrowRight', false, { row: 3, column: 4 }, { row: 3, column: 4 }],
  ['ArrowLeft', false, { row: 3, column: 4 }, { row: 3, column: 3 }],
  ['PageDown', false, { row: 90, column: 1 }, { row: 99, column: 1 }],
  ['PageUp', false, { row: 50, column: 1 }, { row: 30, column: 1 }],
  ['Home', false, { row: 50, column: 3 }, { row: 50, column: 0 }],
  ['Home', true, { row: 50, column: 3 }, { row: 0, column: 0 }],
  ['End', true, { row: 50, column: 3 }, { row: 99, column: 4 }],
])('%s, with Ctrl %s', (key, command, active, expected) => {
  const next = nextCell(key, command, { active, ...GRID });
  expect(next && clampCell(next, GRID)).toEqual(expected);
});

test('other keys lead nowhere', () => {
  expect(nextCell('x', false, { active: { row: 0, column: 0 }, ...GRID })).toBeNull();
});

test('no series of keys leaves the grid', () => {
  const key = fc.constantFrom('ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'PageDown', 'End');
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean())), (presses) => {
      let active = { row: -1, column: 0 };
      for (const [name, command] of presses) {
        active = clampCell(nextCell(name, command, { active, ...GRID }) ?? active, GRID);
        expect(active.row).toBeGreaterThanOrEqual(0);
        expect(active.row).toBeLessThan(GRID.rowCount);
        expect(active.column).toBeGreaterThanOrEqual(0);
        expect(active.column).toBeLessThan(GRID.columnCount);
      }
    }),
  );
});
