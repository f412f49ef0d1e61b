// The search puts what people mean first.
import { expect, test } from 'vitest';
import { searchItems } from './palette-search.ts';

const ITEMS = [
  { id: '1', label: 'old-web01', kind: 'Virtual machine' },
  { id: '2', label: 'web01', kind: 'Virtual machine' },
  { id: '3', label: 'web', kind: 'Host' },
  { id: '4', label: 'cobweb', kind: 'Datastore' },
  { id: '5', label: 'Tasks', kind: 'Page', words: 'jobs history' },
  { id: '6', label: 'esx01', kind: 'Host' },
];

function ids(query: string, limit = 10): string[] {
  return searchItems(ITEMS, query, limit).map(({ id }) => id);
}

test.each([
  ['web', ['3', '2', '1', '4']],
  ['WEB virtual', ['2', '1']],
  ['jobs', ['5']],
  ['ex01', ['6']],
  ['host web', ['3']],
  ['nothing', []],
])('%s', (query, expected) => {
  expect(ids(query)).toEqual(expected);
});

test('an empty query shows the first ones, and there is a limit', () => {
  expect(ids('', 2)).toEqual(['1', '2']);
  expect(ids('web', 1)).toEqual(['3']);
});
