// The search language of tables, term by term, and its way to text and back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  comparerOf,
  countTexts,
  formatQuery,
  matcherOf,
  parseQuery,
  type SearchColumn,
  withFieldTerm,
} from './row-search.ts';

interface Machine {
  name: string;
  state: string;
  cpu: number;
}

const COLUMNS: SearchColumn<Machine>[] = [
  { id: 'name', value: (row) => row.name },
  {
    id: 'state',
    value: (row) => row.state,
    text: (row) => `Powered ${row.state}`,
  },
  { id: 'cpu', value: (row) => row.cpu },
];
const FIELDS = COLUMNS.map((column) => column.id);
const ROWS: Machine[] = [
  { name: 'web01', state: 'on', cpu: 0.2 },
  { name: 'web02', state: 'off', cpu: 0 },
  { name: 'db 01', state: 'on', cpu: 3.5 },
  { name: 'on-call', state: 'off', cpu: 12 },
];

function found(query: string): string[] {
  return ROWS.filter(matcherOf(parseQuery(query, FIELDS), COLUMNS)).map((row) => row.name);
}

describe('a search', () => {
  test.each([
    ['', ['web01', 'web02', 'db 01', 'on-call']],
    ['web', ['web01', 'web02']],
    ['WEB -off', ['web01']],
    ['name:web -state:off', ['web01']],
    ['state:"powered on"', ['web01', 'db 01']],
    ['name:web01,"db 01"', ['web01', 'db 01']],
    ['"db 0"', ['db 01']],
    ['on', ['web01', 'db 01', 'on-call']],
    ['name:on', ['on-call']],
    ['cpu>3', ['db 01', 'on-call']],
    ['cpu<3 state:on', ['web01']],
    ['-cpu>3', ['web01', 'web02']],
    ['nosuch:web', []],
    ['name:', ['web01', 'web02', 'db 01', 'on-call']],
    ['"web', ['web01', 'web02']],
  ])('%s', (query, names) => {
    expect(found(query)).toEqual(names);
  });

  test('a typed text never throws, and survives the way to terms and back', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const terms = parseQuery(text, FIELDS);
        const again = parseQuery(formatQuery(terms), FIELDS);
        const pass = (list: typeof terms) => ROWS.filter(matcherOf(list, COLUMNS));
        expect(pass(again)).toEqual(pass(terms));
      }),
    );
  });
});

describe('a column filter', () => {
  test('replaces its own term and keeps the others', () => {
    const fields = FIELDS;
    const once = withFieldTerm('web -state:off', {
      field: 'state',
      values: ['Powered on'],
      fields,
    });
    expect(once).toBe('web -state:off state:"powered on"');
    expect(withFieldTerm(once, { field: 'state', values: [], fields })).toBe('web -state:off');
  });
});

describe('a column', () => {
  const name: SearchColumn<{ name: string | number | null }> = {
    id: 'name',
    value: (row) => row.name,
  };
  const sorted = (names: (string | number | null)[]) =>
    names
      .map((one) => ({ name: one }))
      .sort(comparerOf(name))
      .map((row) => row.name);

  test('sorts numbers within texts by size, and what is missing last', () => {
    expect(sorted(['esx10', null, 'ESX2', 'esx1'])).toEqual(['esx1', 'ESX2', 'esx10', null]);
    expect(sorted([10, 9, null, -1])).toEqual([-1, 9, 10, null]);
  });

  test('counts each of several values of a cell', () => {
    const rows = [{ tags: ['a', 'b'] }, { tags: ['b'] }, { tags: [] }];
    const tags: SearchColumn<{ tags: string[] }> = {
      ...{ id: 'tags', value: (row) => row.tags.join(', '), parts: (row) => row.tags },
    };
    expect(countTexts(tags, rows)).toEqual([
      { text: 'a', count: 1 },
      { text: 'b', count: 2 },
    ]);
  });
});
