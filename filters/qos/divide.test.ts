// Tests of dividing: by weight, never less than reserved, never more than wanted, and all of it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, divide } from './divide.ts';

const HUNGRY = Number.POSITIVE_INFINITY;

function claim(weight: number, reserved = 0, wanted = HUNGRY): Claim {
  return { weight, reserved, wanted };
}

describe('an amount', () => {
  test('is divided as the weights are', () => {
    expect(divide(700, [claim(1), claim(2), claim(4)])).toEqual([100, 200, 400]);
  });

  test('goes to those who want it, when others want less', () => {
    expect(divide(700, [claim(1), claim(1), claim(4, 0, 100)])).toEqual([300, 300, 100]);
  });

  test('keeps what is reserved, and the others divide the rest', () => {
    expect(divide(900, [claim(1, 600), claim(1), claim(2)])).toEqual([600, 100, 200]);
  });

  test('gives what is reserved in proportion when there is not enough', () => {
    expect(divide(300, [claim(1, 400), claim(9, 200), claim(5)])).toEqual([200, 100, 0]);
  });

  test('stays over when nobody wants it', () => {
    expect(divide(1000, [claim(1, 0, 10), claim(1, 0, 20)])).toEqual([10, 20]);
    expect(divide(1000, [])).toEqual([]);
  });
});

const claims = fc.array(
  fc.record({
    weight: fc.integer({ min: 1, max: 4000 }),
    reserved: fc.integer({ min: 0, max: 1000 }),
    wanted: fc.oneof(fc.constant(HUNGRY), fc.integer({ min: 0, max: 5000 })),
  }),
  { minLength: 1, maxLength: 12 },
);

test('nobody gets more than wanted, nor less than reserved, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), claims, (amount, wants) => {
      const parts = divide(amount, wants);
      const total = parts.reduce((all, part) => all + part, 0);
      const wanted = wants.reduce((all, each) => all + each.wanted, 0);
      expect(total).toBeCloseTo(Math.min(amount, wanted), 4);
      const floors = wants.map(({ reserved, wanted: most }) => Math.min(reserved, most));
      const enough = floors.reduce((all, floor) => all + floor, 0) <= amount;
      for (const [index, part] of parts.entries()) {
        expect(part).toBeLessThanOrEqual((wants[index]?.wanted ?? 0) + 1e-6);
        if (enough) expect(part).toBeGreaterThanOrEqual((floors[index] ?? 0) - 1e-6);
      }
    }),
  );
});

test('two that want all and have nothing reserved get parts as their weights', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 20_000 }), claims, (amount, others) => {
      const parts = divide(amount, [...others, claim(300), claim(700)]);
      const [first = 0, second = 0] = parts.slice(-2);
      expect(second * 300).toBeCloseTo(first * 700, 3);
    }),
  );
});
