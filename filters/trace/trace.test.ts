// Tests of what the trace filter counts and measures.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import trace from './index.ts';
import { shannonEntropy } from './shannon-entropy.ts';

const KIB = 1024;

function observed(properties: Record<string, number> = {}): FilterHarness {
  const all = { latencySampling: 1, entropySampling: 1, ...properties };
  return new FilterHarness(trace, { properties: all, sizeBytes: 4 * 1024 * KIB });
}

function numbers(harness: FilterHarness): Record<string, number> {
  return harness.filter.statistics?.() ?? {};
}

test('counts operations, bytes, sizes and errors, and changes nothing', () => {
  const harness = observed();
  harness.run('write', 0, new Uint8Array(4 * KIB).fill(1));
  harness.run('write', 8 * KIB, new Uint8Array(300 * KIB));
  expect(harness.run('read', 0, 5 * KIB).data[0]).toBe(1);
  harness.run('read', 0, 64 * KIB);
  harness.run('flush', 0, 0);
  harness.run('trim', 0, 512);
  harness.run('writeZeroes', 0, 512);
  harness.finish(harness.submit('read', 0, 200 * KIB), 5);
  expect(numbers(harness)).toMatchObject({
    ...{ reads: 3, writes: 2, flushes: 1, unmaps: 2, errors: 1 },
    ...{ readBytes: 269 * KIB, writtenBytes: 304 * KIB },
    ...{ upTo4Kib: 1, upTo16Kib: 1, upTo64Kib: 1, upTo256Kib: 1, over256Kib: 1 },
  });
});

test('names every number that it gives, and only those', () => {
  const harness = observed();
  harness.run('write', 0, new Uint8Array(512));
  harness.run('read', 0, 512);
  const declared = trace.statistics.map(({ name }) => name).sort();
  expect(Object.keys(numbers(harness)).sort()).toEqual(declared);
});

describe('sequentiality', () => {
  test('knows several streams that mix', () => {
    const harness = observed();
    for (let i = 0; i < 100; i++) {
      harness.run('read', i * 4 * KIB, 4 * KIB);
      harness.run('read', 2048 * KIB + i * 8 * KIB, 8 * KIB);
    }
    expect(numbers(harness).sequentialShare).toBe(99);
  });

  test('finds none in I/O all over the disk', () => {
    const harness = observed();
    for (let i = 0; i < 100; i++) harness.run('read', ((i * 37) % 101) * 16 * KIB, 4 * KIB);
    expect(numbers(harness).sequentialShare).toBe(0);
  });

  test('is of the time since it was asked for last', () => {
    const harness = observed();
    for (let i = 0; i < 10; i++) harness.run('read', i * 512, 512);
    numbers(harness);
    harness.run('read', 1024 * KIB, 512);
    expect(numbers(harness).sequentialShare).toBe(0);
    expect(numbers(harness).sequentialShare).toBeUndefined();
  });
});

describe('latency', () => {
  test('is measured for reads and writes apart, when they end in any order', () => {
    const harness = observed();
    const slow = harness.submit('read', 0, 512);
    const fast = harness.submit('write', 0, new Uint8Array(512));
    for (const [io, wait] of [
      [fast, 1],
      [slow, 9],
    ] as const) {
      harness.clock.advance(wait);
      harness.apply(io);
      harness.finish(io);
    }
    const found = numbers(harness);
    expect(found.readLatencyMedian).toBeGreaterThanOrEqual(10_000);
    expect(found.readLatencyMedian).toBeLessThan(11_500);
    expect(found.writeLatencyP99).toBeGreaterThanOrEqual(1_000);
    expect(found.writeLatencyP99).toBeLessThan(1_150);
  });

  test('is sampled as the policy says, also when more are under way than it remembers', () => {
    const harness = observed({ latencySampling: 2 });
    const ios = Array.from({ length: 100 }, (_, i) => harness.submit('read', i * 4096, 512));
    harness.clock.advance(5);
    for (const io of ios) {
      harness.apply(io);
      harness.finish(io);
    }
    harness.run('read', 0, 512);
    harness.run('read', 0, 512);
    expect(numbers(harness).readLatencyP99).toBeGreaterThanOrEqual(5_000);
    expect(numbers(harness).readLatencyP99).toBeUndefined();
  });
});

describe('entropy', () => {
  test('is 0 for zeroes, 1 for two values and near 8 for noise', () => {
    expect(shannonEntropy(new Uint8Array(4096))).toBe(0);
    expect(shannonEntropy(Uint8Array.from({ length: 4096 }, (_, i) => i % 2))).toBe(1);
    expect(shannonEntropy(Uint8Array.from({ length: 4096 }, (_, i) => i % 256))).toBe(8);
    expect(shannonEntropy(randomBytes(4096))).toBeGreaterThan(7.9);
    expect(shannonEntropy(new Uint8Array())).toBe(0);
  });

  test('of the disk follows what is written, and is not taken when the policy says so', () => {
    const harness = observed();
    harness.run('write', 0, new Uint8Array(4096));
    expect(numbers(harness).writeEntropy).toBe(0);
    for (let i = 0; i < 60; i++) harness.run('write', 0, randomBytes(4096));
    expect(numbers(harness).writeEntropy).toBeGreaterThan(7.8);
    const without = observed({ entropySampling: 0 });
    without.run('write', 0, randomBytes(4096));
    expect(numbers(without).writeEntropy).toBeUndefined();
  });
});
