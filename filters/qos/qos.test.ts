// Tests of the limiter on a clock that stands still until it is moved.
import { describe, expect, test, vi } from 'vitest';
import { FilterHarness, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import qos from './index.ts';
import { TokenBucket } from './token-bucket.ts';

// Nothing waits for real time; a busy machine takes its time all the same.
vi.setConfig({ testTimeout: 120_000 });

const KIB = 1024;
const MIB = 1024 * KIB;

function limited(properties: Record<string, number>): FilterHarness {
  return new FilterHarness(qos, { properties, sizeBytes: 8 * MIB });
}

function passed(ios: readonly HarnessIo[]): number {
  return ios.filter(({ state }) => state !== 'deferred').length;
}

/** Submits so many reads at once, then lets time pass; how many had passed after each second. */
function afterSeconds(harness: FilterHarness, ios: HarnessIo[], seconds: number): number[] {
  return Array.from({ length: seconds }, () => {
    harness.clock.advance(1000);
    return passed(ios);
  });
}

/** I/Os in a second, after the burst is used up, at depth 4. */
function rateOf(harness: FilterHarness, bytes: number): number {
  const ios = reads(harness, 4, bytes);
  let done = 0;
  const run = (milliseconds: number): void => {
    for (let at = 0; at < milliseconds; at += 1) {
      for (let index = 0; index < ios.length; index++) {
        while (ios[index]?.state !== 'deferred') {
          ios[index] = harness.submit('read', 0, bytes);
          done += 1;
        }
      }
      harness.clock.advance(1);
    }
  };
  run(200);
  done = 0;
  run(1000);
  return done;
}

function reads(harness: FilterHarness, count: number, length = 4 * KIB): HarnessIo[] {
  return Array.from({ length: count }, () => harness.submit('read', 0, length));
}

describe('the limit', () => {
  test('of 0 holds nothing back and asks for no time', () => {
    const harness = limited({ iopsLimit: 0, throughputLimit: 0 });
    expect(passed(reads(harness, 10_000))).toBe(10_000);
    expect(harness.clock.timers).toBe(0);
  });

  test('in IOPS lets a burst through and then so many a second', () => {
    const harness = limited({ iopsLimit: 100, burstSeconds: 1 });
    const ios = reads(harness, 500);
    expect(passed(ios)).toBe(100);
    expect(afterSeconds(harness, ios, 5)).toEqual([200, 300, 400, 500, 500]);
  });

  test('without a burst keeps the rate from the start', () => {
    const harness = limited({ iopsLimit: 10, burstSeconds: 0 });
    const ios = reads(harness, 50);
    expect(passed(ios)).toBe(1);
    expect(afterSeconds(harness, ios, 3)).toEqual([11, 21, 31]);
  });

  test('counts each begun 32 KiB as one I/O', () => {
    const harness = limited({ iopsLimit: 8, burstSeconds: 1 });
    const ios = reads(harness, 12, 33 * KIB);
    expect(passed(ios)).toBe(4);
    expect(afterSeconds(harness, ios, 2)).toEqual([8, 12]);
    expect(harness.filter.statistics?.()).toMatchObject({ units: 24, delayed: 8 });
  });

  test('in MiB a second holds for all sizes together', () => {
    const harness = limited({ throughputLimit: 1, burstSeconds: 1 });
    const ios = [...reads(harness, 2, 512 * KIB), ...reads(harness, 16, 128 * KIB)];
    expect(passed(ios)).toBe(2);
    expect(afterSeconds(harness, ios, 3)).toEqual([10, 18, 18]);
  });

  test('lets an I/O through that is larger than the limit, and makes the next wait longer', () => {
    const harness = limited({ throughputLimit: 1, burstSeconds: 1 });
    const ios = [...reads(harness, 1, 4 * MIB), ...reads(harness, 1)];
    expect(passed(ios)).toBe(1);
    expect(afterSeconds(harness, ios, 4)).toEqual([1, 1, 1, 2]);
  });

  test('counts trims and zeroings as one I/O and no bytes, and flushes not at all', () => {
    const harness = limited({ iopsLimit: 2, throughputLimit: 1, burstSeconds: 1 });
    const first = [harness.submit('trim', 0, 4 * MIB), harness.submit('writeZeroes', 0, 4 * MIB)];
    expect(passed(first)).toBe(2);
    expect(harness.submit('trim', 0, 512).state).toBe('deferred');
    expect(harness.submit('flush', 0, 0).state).toBe('submitted');
  });
});

describe('the limit holds within two in a hundred, whatever the burst', () => {
  const sizes = [4 * KIB, 64 * KIB, MIB];
  const bursts = [0, 1];
  const cases = sizes.flatMap((bytes) => bursts.map((burst) => ({ bytes, burst })));

  test.each(cases)('in IOPS, $bytes bytes, burst $burst s', ({ bytes, burst }) => {
    const harness = limited({ iopsLimit: 3200, burstSeconds: burst });
    const error = (rateOf(harness, bytes) * Math.ceil(bytes / (32 * KIB))) / 3200 - 1;
    expect(Math.abs(error)).toBeLessThan(0.02);
  });

  test.each(cases)('in bytes, $bytes bytes, burst $burst s', ({ bytes, burst }) => {
    const harness = limited({ throughputLimit: 100, burstSeconds: burst });
    const error = (rateOf(harness, bytes) * bytes) / MIB / 100 - 1;
    expect(Math.abs(error)).toBeLessThan(0.02);
  });
});

test('who came first goes first, and nobody overtakes', () => {
  const harness = limited({ iopsLimit: 4, burstSeconds: 1 });
  const ios = [...reads(harness, 4), ...reads(harness, 1, 128 * KIB), ...reads(harness, 3)];
  const order: number[] = [];
  for (let step = 0; step < 400; step++) {
    harness.clock.advance(10);
    for (const [index, io] of ios.entries()) {
      if (io.state !== 'deferred' && !order.includes(index)) order.push(index);
    }
  }
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a drain answers all that waits at once, and its debt ends after one burst', () => {
  const harness = limited({ iopsLimit: 100, burstSeconds: 1 });
  const ios = reads(harness, 2000);
  harness.filter.drain?.();
  expect(passed(ios)).toBe(2000);
  expect(harness.clock.timers).toBe(0);
  const more = reads(harness, 300);
  expect(passed(more)).toBe(0);
  expect(afterSeconds(harness, more, 3)).toEqual([0, 100, 200]);
});

test('closing answers all that waits', async () => {
  const harness = limited({ iopsLimit: 10, burstSeconds: 0 });
  const ios = reads(harness, 20);
  await harness.filter.close?.();
  expect(passed(ios)).toBe(20);
});

test('a changed policy counts from now on, and no limit lets all go', () => {
  const harness = limited({ iopsLimit: 10, burstSeconds: 1 });
  const ios = reads(harness, 1000);
  harness.filter.setProperties?.({ iopsLimit: 100, throughputLimit: 0, burstSeconds: 1 });
  expect(afterSeconds(harness, ios, 1)).toEqual([110]);
  harness.filter.setProperties?.({ iopsLimit: 0, throughputLimit: 0, burstSeconds: 1 });
  expect(passed(ios)).toBe(1000);
  expect(harness.clock.timers).toBe(0);
});

describe('a migration', () => {
  test('hands over how full the buckets are, so that moving gives no new burst', () => {
    const source = limited({ iopsLimit: 100, burstSeconds: 1 });
    reads(source, 100);
    const state = source.filter.saveState?.() ?? null;
    const properties = { iopsLimit: 100, burstSeconds: 1 };
    const target = new FilterHarness(qos, { properties, state });
    expect(passed(reads(target, 10))).toBe(0);
  });

  test('from a version that wrote something else begins with full buckets', () => {
    for (const text of ['', 'x', '[]', '{"ios":"y"}', 'null']) {
      const state = new TextEncoder().encode(text);
      const properties = { iopsLimit: 10, burstSeconds: 1 };
      const target = new FilterHarness(qos, { properties, state });
      expect(passed(reads(target, 20))).toBe(10);
    }
  });
});

test('a token bucket never grows beyond its capacity, nor when time stands still', () => {
  const bucket = new TokenBucket({ rate: 10, capacity: 5, level: 0, now: 0 });
  expect(bucket.open).toBe(false);
  bucket.refill(0);
  expect(bucket.level).toBe(0);
  bucket.refill(60_000);
  expect(bucket.level).toBe(5);
  bucket.take(8);
  expect(bucket.waitMs).toBe(300);
});
