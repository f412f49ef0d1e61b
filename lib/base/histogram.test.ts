// The histogram against the sorted samples themselves.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';

test('a quantile is never below the true one and at most one eighth (and 1 µs) above it', () => {
  const samples = fc.array(fc.integer({ min: 0, max: 50_000_000 }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(samples, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const sorted = [...values].sort((a, b) => a - b);
      const truth = sorted[Math.max(1, Math.ceil(values.length * share)) - 1] ?? 0;
      const found = histogram.quantile(share);
      expect(found).toBeGreaterThanOrEqual(truth);
      expect(found).toBeLessThanOrEqual(truth * 1.125 + 1.125);
    }),
  );
});

test('is empty at first, and again after a reset', () => {
  const histogram = new Histogram();
  expect([histogram.total, histogram.mean(), histogram.quantile(0.99)]).toEqual([0, 0, 0]);
  histogram.add(10);
  expect(histogram.mean()).toBe(10);
  histogram.reset();
  expect([histogram.total, histogram.mean(), histogram.quantile(0.99)]).toEqual([0, 0, 0]);
});
