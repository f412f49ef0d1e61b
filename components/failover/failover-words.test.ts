// Tests of how it is said what a failover leaves behind.
import { expect, test } from 'vitest';
import type { Loss } from '#lib/wire/api/replication.ts';
import { failoverWord, lossSentences, lossText } from './failover-words.ts';

const LAST = '2026-11-23T05:00:00.000Z';
const loss: Loss = {
  ...{ isNone: false, lagBytes: 2 * 1024 ** 2, lagMilliseconds: 1_500, lagMeasuredAt: LAST },
  ...{ journalBytes: 0, journalMilliseconds: 0 },
};

test.each<[string, Partial<Loss>, RegExp, number]>([
  ['a planned move', { isNone: true }, /^Nothing/, 1],
  ['a source that was ahead', {}, /ahead by 2 MiB \(1\.5 s\)\. What it wrote later/, 1],
  ['one that was not', { lagBytes: 0 }, /target had everything\. What it wrote later/, 1],
  ['one that was never measured', { lagBytes: null }, /never measured/, 1],
  [
    'an earlier moment',
    { journalBytes: 1024, journalMilliseconds: 60_000 },
    /after the moment: 1 KiB/,
    2,
  ],
])('%s', (_, more, expected, count) => {
  const sentences = lossSentences({ ...loss, ...more });
  expect(sentences.join(' ')).toMatch(expected);
  expect(sentences).toHaveLength(count);
});

test('a recovery that is none of a failover has no state of one', () => {
  expect(failoverWord({ failover: null })).toBeNull();
  expect(failoverWord({ failover: 'standing' })?.label).toMatch(/to be decided/);
  expect(lossText(null)).toBe('');
});
