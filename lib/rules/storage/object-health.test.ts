// What is said of objects, by table.
import { describe, expect, test } from 'vitest';
import { MIB } from '../../model/limits.ts';
import type { ObjectComponent, ObjectState } from '../../model/storage-object.ts';
import { healthNews, healthWords, type ObjectHealthFacts, resyncPercent } from './object-health.ts';

const component = (hostName: string, state: ObjectComponent['state']): ObjectComponent => ({
  ...{ id: hostName, hostName, role: 'data', state, votes: 1, bytesToResync: 0 },
});

function facts(state: ObjectState, more: Partial<ObjectHealthFacts> = {}): ObjectHealthFacts {
  return { state, bytesToResync: 0, resyncTotalBytes: 0, components: [], holder: null, ...more };
}

const absent = { components: [component('esx01', 'active'), component('esx02', 'absent')] };
const resync = { bytesToResync: 6 * MIB, resyncTotalBytes: 10 * MIB };

test.each<[string, ObjectHealthFacts]>([
  ['healthy', facts('healthy')],
  ['reduced availability, esx02 absent', facts('reducedRedundancy', absent)],
  ['resyncing 40 %', facts('resyncing', resync)],
  ['resyncing 0 %', facts('resyncing')],
  ['inaccessible, esx02 absent', facts('inaccessible', absent)],
  ['bound to esx03', facts('bound', { holder: 'esx03' })],
  ['not bound', facts('unbound')],
])('%s', (words, given) => {
  expect(healthWords(given)).toBe(words);
});

test('more to copy than at the beginning is no progress', () => {
  expect(resyncPercent(facts('resyncing', { ...resync, bytesToResync: 20 * MIB }))).toBe(0);
  expect(resyncPercent(facts('healthy', resync))).toBeNull();
});

describe('an event', () => {
  test.each<[ObjectState | null, ObjectHealthFacts]>([
    [null, facts('healthy')],
    ['healthy', facts('healthy')],
    ['bound', facts('unbound')],
    ['resyncing', facts('resyncing', resync)],
  ])('is not posted from %s', (before, given) => {
    expect(healthNews('It', before, given)).toBeNull();
  });

  test.each<[ObjectState | null, ObjectHealthFacts, string, string]>([
    [
      ...(['healthy', facts('reducedRedundancy', absent), 'warning'] as const),
      'It has reduced availability: esx02 absent.',
    ],
    [
      ...(['reducedRedundancy', facts('resyncing', resync), 'info'] as const),
      'It is resynchronising: at most 6 MiB are to be copied.',
    ],
    [
      ...([null, facts('inaccessible', absent), 'error'] as const),
      'It is inaccessible: esx02 absent. Its I/O waits, then fails.',
    ],
    ['resyncing', facts('healthy'), 'info', 'It is healthy again.'],
    ['inaccessible', facts('bound'), 'info', 'It is healthy again.'],
  ])('is posted from %s', (before, given, severity, message) => {
    expect(healthNews('It', before, given)).toEqual({ severity, message });
  });
});
