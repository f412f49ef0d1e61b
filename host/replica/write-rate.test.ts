// Tests of how much was written when.
import { expect, test } from 'vitest';
import { JournalIndex } from './journal-index.ts';
import { writeRate } from './write-rate.ts';

function journalOf(writes: readonly [timeUs: number, length: number][]): JournalIndex {
  const index = new JournalIndex();
  writes.forEach(([timeUs, length], at) => {
    const header = {
      kind: 'write' as const,
      session: 1,
      sequence: at + 1,
      timeUs,
      offset: 0,
      length,
    };
    index.add({ ...header, payloadCrc: 0 }, 1, at * 4096);
  });
  return index;
}

test('writes are counted where they were, over all journals', () => {
  const one = journalOf([
    [100, 512],
    [150, 512],
    [299, 1024],
    [300, 4096],
  ]);
  const other = journalOf([[250, 2048]]);
  expect(writeRate([one, other], { fromUs: 100, toUs: 300, buckets: 2 })).toEqual([
    { fromUs: 100, writes: 2, bytes: 1024 },
    { fromUs: 200, writes: 2, bytes: 3072 },
  ]);
});

test('a mark is no write', () => {
  const index = new JournalIndex();
  const header = {
    kind: 'mark' as const,
    session: 1,
    sequence: 1,
    timeUs: 100,
    offset: 0,
    length: 5,
  };
  index.add({ ...header, payloadCrc: 0 }, 1, 0);
  expect(writeRate([index], { fromUs: 0, toUs: 200, buckets: 1 })).toEqual([
    { fromUs: 0, writes: 0, bytes: 0 },
  ]);
  expect(index.first?.timeUs).toBe(100);
});
