// Tests of the cache without write-back: what it answers and what it must not, and a model of
// random I/O in any order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskOperation } from '#lib/filter-sdk/filter.ts';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import cache from './index.ts';

const MIB = 1024 * 1024;
const EIO = 5;

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function isHit(harness: FilterHarness, offset: number, length: number): boolean {
  const io = harness.run('read', offset, length);
  expect(io.data).toEqual(harness.disk.slice(offset, offset + length));
  return io.answeredByFilter;
}

describe('what the cache answers', () => {
  test('a second read, and a read of what was written', () => {
    const harness = new FilterHarness(cache);
    harness.disk.fill(7);
    expect(isHit(harness, 4096, 4096)).toBe(false);
    expect(isHit(harness, 4096, 4096)).toBe(true);
    harness.run('write', 8192, filled(4096, 9));
    expect(isHit(harness, 4096, 8192)).toBe(true);
    expect(harness.filter.statistics?.()).toMatchObject({ hits: 2, misses: 1, hitBytes: 12288 });
  });

  test('sectors of blocks that it knows in part, also over misaligned borders', () => {
    const harness = new FilterHarness(cache);
    harness.run('write', 512 * 7, filled(512 * 3, 3));
    expect(isHit(harness, 512 * 7, 512 * 3)).toBe(true);
    expect(isHit(harness, 512 * 8 + 100, 300)).toBe(true);
    expect(isHit(harness, 512 * 6, 512 * 4)).toBe(false);
  });

  test('no sector of which only a part was written or read', () => {
    const harness = new FilterHarness(cache);
    harness.run('write', 100, filled(1000, 3));
    expect(isHit(harness, 100, 1000)).toBe(false);
    expect(isHit(harness, 512, 512)).toBe(true);
    harness.run('write', 600, filled(10, 4));
    expect(isHit(harness, 512, 512)).toBe(false);
  });

  test.each(['trim', 'writeZeroes'] as const)('nothing that %s took away', (operation) => {
    const harness = new FilterHarness(cache, { sizeBytes: 8 * MIB });
    for (const offset of [0, 4096, 2 * MIB, 6 * MIB]) {
      harness.run('write', offset, filled(4096, 5));
    }
    harness.run(operation, 512, 512);
    expect(isHit(harness, 0, 4096)).toBe(false);
    harness.run(operation, 4096, 5 * MIB);
    expect(isHit(harness, 4096, 4096)).toBe(false);
    expect(isHit(harness, 2 * MIB, 4096)).toBe(false);
    expect(isHit(harness, 6 * MIB, 4096)).toBe(true);
  });

  test('nothing of a write that failed, whether or not it reached the storage', () => {
    const harness = new FilterHarness(cache);
    for (const reached of [true, false]) {
      harness.run('write', 0, filled(4096, 1));
      const io = harness.submit('write', 0, filled(4096, 2));
      if (reached) harness.apply(io);
      harness.finish(io, EIO);
      expect(isHit(harness, 0, 4096)).toBe(false);
    }
  });

  test('nothing of a read that failed', () => {
    const harness = new FilterHarness(cache);
    const io = harness.submit('read', 0, 4096);
    harness.finish(io, EIO);
    expect(isHit(harness, 0, 4096)).toBe(false);
  });

  test('large I/Os pass by, and take away what they overwrite', () => {
    const harness = new FilterHarness(cache, { sizeBytes: 8 * MIB });
    harness.run('write', MIB, filled(4096, 1));
    harness.run('write', 0, filled(2 * MIB, 2));
    expect(isHit(harness, MIB, 4096)).toBe(false);
    harness.run('read', 4 * MIB, 2 * MIB);
    expect(isHit(harness, 4 * MIB, 4096)).toBe(false);
  });

  test('a changed size starts empty, an equal one keeps what is there', () => {
    const harness = new FilterHarness(cache);
    harness.run('read', 0, 4096);
    harness.filter.setProperties?.({ sizeMib: 64 });
    expect(isHit(harness, 0, 4096)).toBe(true);
    harness.filter.setProperties?.({ sizeMib: 1 });
    expect(isHit(harness, 0, 4096)).toBe(false);
    expect(isHit(harness, 0, 4096)).toBe(true);
  });
});

describe('I/Os under way at the same time', () => {
  test('a read that began before a write does not bring the old data back', () => {
    const harness = new FilterHarness(cache);
    const read = harness.submit('read', 0, 4096);
    harness.apply(read);
    harness.run('write', 0, filled(4096, 1));
    harness.finish(read);
    expect(isHit(harness, 0, 4096)).toBe(false);
    expect(isHit(harness, 0, 4096)).toBe(true);
  });

  test('of two writes at once neither is kept', () => {
    const harness = new FilterHarness(cache);
    const first = harness.submit('write', 0, filled(4096, 1));
    const second = harness.submit('write', 2048, filled(4096, 2));
    harness.apply(second);
    harness.apply(first);
    harness.finish(first);
    harness.finish(second);
    expect(isHit(harness, 0, 4096)).toBe(false);
    expect(isHit(harness, 0, 4096)).toBe(true);
  });

  test('while a write is under way nothing is answered in its range', () => {
    const harness = new FilterHarness(cache);
    harness.run('write', 0, filled(4096, 1));
    const write = harness.submit('write', 1024, filled(512, 2));
    expect(isHit(harness, 0, 1024)).toBe(true);
    expect(isHit(harness, 1024, 512)).toBe(false);
    harness.apply(write);
    harness.finish(write);
  });
});

interface Step {
  kind: 'submit' | 'apply' | 'finish' | 'run';
  operation: DiskOperation;
  sector: number;
  sectors: number;
  /** Moves both ends off the sector borders. */
  shift: number;
  pick: number;
  fails: boolean;
  /** The policy changes first. */
  resize: boolean;
}

const oneIn = (count: number) => fc.nat(count - 1).map((drawn) => drawn === 0);

const steps = fc.array(
  fc.record<Step>({
    kind: fc.oneof(
      { weight: 4, arbitrary: fc.constant('submit' as const) },
      { weight: 6, arbitrary: fc.constant('apply' as const) },
      { weight: 8, arbitrary: fc.constant('finish' as const) },
      { weight: 6, arbitrary: fc.constant('run' as const) },
    ),
    operation: fc.oneof(
      { weight: 5, arbitrary: fc.constant('read' as const) },
      { weight: 3, arbitrary: fc.constant('write' as const) },
      { weight: 1, arbitrary: fc.constantFrom('trim', 'writeZeroes', 'flush') },
    ),
    sector: fc.nat(40),
    sectors: fc.integer({ min: 1, max: 16 }),
    shift: oneIn(4).map((shifted) => (shifted ? 100 : 0)),
    pick: fc.nat(7),
    fails: oneIn(10),
    resize: oneIn(100),
  }),
  { maxLength: 400, size: 'max' },
);

/** Whatever the order: an answer of the cache is what the storage has at that moment. */
test('the cache never answers with other bytes than the storage has', { timeout: 120_000 }, () => {
  let hits = 0;
  fc.assert(
    fc.property(steps, (list) => {
      const harness = new FilterHarness(cache, {
        sizeBytes: 128 * 512,
        properties: { sizeMib: 1 },
      });
      let value = 0;
      const open: HarnessIo[] = [];
      for (const step of list) {
        if (step.resize && open.length === 0)
          harness.filter.setProperties?.({ sizeMib: 1 + (step.pick % 2) });
        if (step.kind === 'apply' || step.kind === 'finish') {
          advance(harness, open, step);
          continue;
        }
        value = (value + 1) % 200;
        const io = submit(harness, step, value);
        if (io.answeredByFilter) {
          hits += 1;
          expect(io.data).toEqual(harness.disk.slice(io.offset, io.offset + io.length));
        } else if (step.kind === 'submit') open.push(io);
        else {
          harness.apply(io);
          harness.finish(io);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(hits).toBeGreaterThan(1000);
});

function submit(harness: FilterHarness, step: Step, value: number): HarnessIo {
  const offset = step.sector * 512 + step.shift;
  const length = step.sectors * 512;
  if (step.operation === 'flush') return harness.submit('flush', 0, 0);
  const data = step.operation === 'write' ? filled(length, value + 1) : length;
  return harness.submit(step.operation, offset, data);
}

function advance(harness: FilterHarness, open: HarnessIo[], step: Step): void {
  if (step.kind === 'apply') {
    const waiting = open.filter(({ state }) => state === 'submitted');
    const io = waiting[step.pick % waiting.length];
    if (io) harness.apply(io);
    return;
  }
  const ready = open.filter(({ state }) => state === 'applied' || step.fails);
  const io = ready[step.pick % ready.length];
  if (!io) return;
  open.splice(open.indexOf(io), 1);
  harness.finish(io, step.fails ? EIO : 0);
}
