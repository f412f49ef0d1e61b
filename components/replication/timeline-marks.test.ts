// Tests of moments on the line of a journal.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { barHeights, clamped, momentsBetween, placeOf, windowOf } from './timeline-marks.ts';

test('a window needs both ends', () => {
  expect(windowOf(null, '2026-11-23T06:00:00.000Z')).toBeNull();
  expect(windowOf('2026-11-23T06:00:00.000Z', null)).toBeNull();
  expect(windowOf('1970-01-01T00:00:01.000Z', '1970-01-01T00:00:02.000Z')).toEqual({
    from: 1_000,
    to: 2_000,
  });
});

test('a moment stands inside of its window, or nowhere', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (from, span, at) => {
      const window = { from, to: from + span };
      const place = placeOf(clamped(at, window), window);
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(1);
      expect(placeOf(window.to + 1, window)).toBeNull();
    }),
  );
});

test('moments between the ends are even, and one when there is no span', () => {
  expect(momentsBetween({ from: 100, to: 500 }, 5)).toEqual([100, 200, 300, 400, 500]);
  expect(momentsBetween({ from: 100, to: 100 }, 5)).toEqual([100]);
});

test('what was written shows, however little it was', () => {
  expect(barHeights([0, 1, 1000])).toEqual([0, 0.04, 1]);
  expect(barHeights([0, 0])).toEqual([0, 0]);
});
