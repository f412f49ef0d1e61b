// Tests of how asynchronous points are told from each other, and which of them are tried.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signaturesOf, TriedPoints } from './distinct-points.ts';

test('a point is the same when it is reached again while the same is under way', () => {
  const [first, second] = signaturesOf(['write', 'write']);
  expect(second).toBe(first);
  const [alone, , during] = signaturesOf(['write', 'own write begins', 'write']);
  expect(during).not.toBe(alone);
});

test('what has ended is under way no more', () => {
  const names = ['flush', 'own write begins', 'own write ended', 'flush'];
  const [before, , , after] = signaturesOf(names);
  expect(after).toBe(before);
});

test('the same I/O at another stage of an operation is another point', () => {
  const [before, , after] = signaturesOf(['write', 'snapshot prepare', 'write']);
  expect(after).not.toBe(before);
});

test('of the same points a few are tried, apart from each other', () => {
  const names = Array.from({ length: 50 }, () => 'write');
  expect(new TriedPoints().choose(names, 32)).toEqual([1, 50]);
  const own = Array.from({ length: 51 }, () => 'timer');
  expect(new TriedPoints().choose(own, 32)).toEqual([1, 26, 51]);
});

test('what one scenario has tried is not tried in the next', () => {
  const tried = new TriedPoints();
  tried.add(['write']);
  tried.add(['flush', 'write']);
  expect(tried.choose(['write', 'write', 'drain'], 32)).toEqual([3]);
  expect(tried.kinds).toBe(1);
});

const name = fc.constantFrom(
  ...['read', 'write', 'flush', 'own write begins', 'own write ended', 'snapshot frozen', 'timer'],
);

test('every kind is tried as long as there is room, and never more than there is room for', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), (all, most) => {
      const chosen = new TriedPoints().choose(all, most);
      const kinds = signaturesOf(all);
      expect(chosen.length).toBeLessThanOrEqual(most);
      expect(new Set(chosen).size).toBe(chosen.length);
      expect(chosen.every((number) => number >= 1 && number <= all.length)).toBe(true);
      const reached = new Set(chosen.map((number) => kinds[number - 1]));
      expect(reached.size).toBe(Math.min(most, new Set(kinds).size));
    }),
  );
});
