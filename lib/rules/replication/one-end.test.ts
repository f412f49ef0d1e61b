// Copies that end together, and those that only look like it.
import { expect, test } from 'vitest';
import { endTogether } from './one-end.ts';

const DAY_US = 86_400_000_000;
const at = (newestUs: number | null, closed = true) => ({ newestUs, closed });

test.each([
  ['marks of one power-off', [at(DAY_US), at(DAY_US + 2_000_000)], true],
  ['one disk alone', [at(DAY_US)], true],
  ['a mark of the day before', [at(DAY_US), at(2 * DAY_US)], false],
  ['one that was not closed', [at(DAY_US), at(DAY_US, false)], false],
  ['one without any record', [at(DAY_US), at(null)], false],
  ['no copy', [], false],
])('%s', (_name, copies, together) => {
  expect(endTogether(copies)).toBe(together);
});
