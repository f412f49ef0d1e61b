// Tests of the journal's index against a plain replay: at any record, any range resolves to what
// replaying all records up to there gives.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordHeader, RecordKind } from '#lib/filter-sdk/replication-record.ts';
import { JournalIndex } from './journal-index.ts';

const SECTOR = 512;
const SECTORS = 1200;
/** Wide enough for the list of wide records. */
const FAR = 400 * 1024 * 1024;

const changes = fc.array(
  fc.record({
    kind: fc.constantFrom<RecordKind>('write', 'trim', 'writeZeroes', 'mark'),
    sector: fc.nat({ max: SECTORS - 1 }),
    sectors: fc.integer({ min: 1, max: 600 }),
    step: fc.integer({ min: 1, max: 3 }),
    newSegment: fc.boolean(),
    wide: fc.boolean(),
  }),
  { maxLength: 40 },
);

interface Step {
  header: RecordHeader;
  segment: number;
}

function stepsOf(list: Parameters<Parameters<typeof changes.map>[0]>[0]): Step[] {
  let [sequence, segment] = [0, 0];
  return list.map(({ kind, sector, sectors, step, newSegment, wide }) => {
    sequence += step;
    if (newSegment) segment += 1;
    const isFar = wide && kind !== 'write' && kind !== 'mark';
    const length = isFar ? FAR : Math.min(sectors, SECTORS - sector) * SECTOR;
    const offset = sector * SECTOR;
    const header = { kind, session: 1, sequence, timeUs: sequence * 10, offset, length };
    return { header: { ...header, payloadCrc: 0 }, segment };
  });
}

/** For each sector the sequence of the write that made it; 0 the base, -1 zeroes. */
function replay(steps: readonly Step[], until: number): number[] {
  const disk = new Array<number>(SECTORS).fill(0);
  for (const { header } of steps) {
    if (header.sequence > until || header.kind === 'mark') continue;
    const first = header.offset / SECTOR;
    const end = Math.min(SECTORS, first + header.length / SECTOR);
    disk.fill(header.kind === 'write' ? header.sequence : -1, first, end);
  }
  return disk;
}

function resolved(index: JournalIndex, until: number, first: number, count: number): number[] {
  const found: number[] = [];
  for (const piece of index.resolve(until, first * SECTOR, count * SECTOR)) {
    expect(piece.offset).toBe((first + found.length) * SECTOR);
    const { source } = piece;
    let made = 0;
    if (source.from === 'zeroes') made = -1;
    if (source.from === 'record') made = index.place(source.record).sequence;
    for (let at = 0; at < piece.length; at += SECTOR) found.push(made);
  }
  return found;
}

test('any range at any record is what a replay gives, also after the oldest are dropped', () => {
  fc.assert(
    fc.property(changes, fc.nat(), fc.nat(), fc.nat({ max: 3 }), (list, at, place, drops) => {
      const steps = stepsOf(list);
      const index = new JournalIndex();
      for (const { header, segment } of steps) index.add(header, segment, header.sequence);
      const segments = [...new Set(steps.map(({ segment }) => segment))];
      const gone = segments.slice(0, drops);
      for (const _ of gone) index.dropFirst();
      const rolled = steps.filter(({ segment }) => gone.includes(segment));
      const base = rolled.at(-1)?.header.sequence ?? 0;
      const until = Math.max(base, at % ((steps.at(-1)?.header.sequence ?? 0) + 2));
      const first = place % SECTORS;
      const count = Math.min(SECTORS - first, 1 + (at % 700));
      const wanted = replay(steps.slice(rolled.length), until).slice(first, first + count);
      expect(resolved(index, until, first, count)).toEqual(wanted);
      expect(index.records).toBe(steps.length - rolled.length);
    }),
    { numRuns: 300 },
  );
});

test('a time finds the last record at or before it, though clocks step back', () => {
  const index = new JournalIndex();
  const header = { kind: 'write', session: 1, offset: 0, length: 512, payloadCrc: 0 } as const;
  for (const [sequence, timeUs] of [
    [1, 100],
    [2, 300],
    [3, 200],
    [4, 400],
  ] as const) {
    index.add({ ...header, sequence, timeUs }, sequence < 3 ? 0 : 1, 0);
  }
  expect(index.lastAt(99)).toBe(null);
  expect(index.lastAt(100)?.sequence).toBe(1);
  expect(index.lastAt(299)?.sequence).toBe(1);
  expect(index.lastAt(300)?.sequence).toBe(3);
  expect(index.lastAt(1000)?.sequence).toBe(4);
  expect(index.lastBySequence(0)).toBe(null);
  expect(index.lastBySequence(3)?.timeUs).toBe(300);
});
