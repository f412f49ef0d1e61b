// Tests of the delays on a clock that stands still until it is moved.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskOperation } from '#lib/filter-sdk/filter.ts';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import delay from './index.ts';

const KIB = 1024;

function delayed(properties: Record<string, number | string>): FilterHarness {
  return new FilterHarness(delay, { properties });
}

describe('a delay', () => {
  test('of 0 holds nothing back and asks for no time', () => {
    const harness = delayed({});
    for (const operation of ['read', 'write', 'flush', 'trim', 'writeZeroes', 'prefetch'] as const)
      expect(harness.submit(operation, 0, 512).state).toBe('submitted');
    expect(harness.clock.timers).toBe(0);
  });

  test.each<[DiskOperation, string]>([
    ['read', 'readMs'],
    ['write', 'writeMs'],
    ['flush', 'flushMs'],
    ['trim', 'otherMs'],
    ['writeZeroes', 'otherMs'],
    ['prefetch', 'otherMs'],
  ])('of a %s is what %s says, to the millisecond', (operation, name) => {
    const harness = delayed({ [name]: 20 });
    const io = harness.submit(operation, 0, operation === 'flush' ? 0 : 512);
    harness.clock.advance(19);
    expect(io.state).toBe('deferred');
    harness.clock.advance(1);
    expect(io.state).toBe('submitted');
    expect(harness.filter.statistics?.()).toEqual({ delayed: 1, waiting: 0, delay: 20 });
  });

  test('applies to I/O that touches the range, and to flushes always', () => {
    const range = { rangeStartKib: 8, rangeKib: 4 };
    const harness = delayed({ readMs: 5, flushMs: 5, ...range });
    expect(harness.submit('read', 0, 8 * KIB).state).toBe('submitted');
    expect(harness.submit('read', 12 * KIB, 512).state).toBe('submitted');
    expect(harness.submit('read', 8 * KIB - 512, KIB).state).toBe('deferred');
    expect(harness.submit('flush', 0, 0).state).toBe('deferred');
  });

  test('does not make others wait: the short overtakes the long', () => {
    const harness = delayed({ readMs: 50, writeMs: 5 });
    const read = harness.submit('read', 0, 512);
    const write = harness.submit('write', 0, new Uint8Array(512));
    harness.clock.advance(5);
    expect([read.state, write.state]).toEqual(['deferred', 'submitted']);
  });

  test('by chance lies between nothing and twice as long, and repeats with its seed', () => {
    const times = (seed: number): number[] => {
      const harness = delayed({ readMs: 100, distribution: 'uniform', seed });
      const ios = Array.from({ length: 50 }, () => harness.submit('read', 0, 512));
      const due = ios.map(() => -1);
      for (let now = 1; now <= 200; now++) {
        harness.clock.advance(1);
        for (const [index, { state }] of ios.entries())
          if (due[index] === -1 && state === 'submitted') due[index] = now;
      }
      return due;
    };
    const first = times(7);
    expect(first).not.toContain(-1);
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(100);
    expect(times(7)).toEqual(first);
    expect(times(8)).not.toEqual(first);
  });
});

test('draining and closing answer all that waits, each once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }),
      async (steps) => {
        const harness = delayed({ readMs: 10 });
        const ios = steps.map((step) => {
          harness.clock.advance(step);
          return harness.submit('read', 0, 512);
        });
        if (steps.length % 2 === 0) harness.filter.drain?.();
        else await harness.filter.close?.();
        expect(ios.map(({ state }) => state)).toEqual(ios.map(() => 'submitted'));
        harness.clock.advance(100);
        expect(harness.clock.timers).toBe(0);
      },
    ),
  );
});

test('a changed policy counts for what comes', () => {
  const harness = delayed({ readMs: 10 });
  const before = harness.submit('read', 0, 512);
  const later = { readMs: 0, writeMs: 0, flushMs: 0, otherMs: 0, distribution: 'fixed', seed: 1 };
  harness.filter.setProperties?.(later);
  expect(harness.submit('read', 0, 512).state).toBe('submitted');
  expect(before.state).toBe('deferred');
  harness.clock.advance(10);
  expect(before.state).toBe('submitted');
});
