// Tests of the rules by which I/O fails.
import { describe, expect, test } from 'vitest';
import { type DiskOperation, EIO, ENOSPC, ESHUTDOWN } from '#lib/filter-sdk/filter.ts';
import { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import error from './index.ts';

const OPERATIONS: DiskOperation[] = [
  ...(['read', 'write', 'flush', 'trim', 'writeZeroes', 'prefetch'] as const),
];

function failing(properties: Record<string, number | string>, state: Uint8Array | null = null) {
  return new FilterHarness(error, { properties, state });
}

function errors(harness: FilterHarness, count: number, operation: DiskOperation = 'read') {
  return Array.from({ length: count }, () => harness.run(operation, 0, 512).error);
}

describe('a rule', () => {
  test('that is off lets everything pass', () => {
    const harness = failing({});
    for (const operation of OPERATIONS) expect(errors(harness, 3, operation)).toEqual([0, 0, 0]);
  });

  test.each(OPERATIONS)('for %s fails it alone', (operation) => {
    const harness = failing({ operation1: operation });
    for (const other of OPERATIONS) {
      const expected = other === operation ? EIO : 0;
      expect(harness.run(other, 0, other === 'flush' ? 0 : 512).error).toBe(expected);
    }
  });

  test.each([
    ['EIO', EIO],
    ['ENOSPC', ENOSPC],
    ['ESHUTDOWN', ESHUTDOWN],
  ])('gives %s', (name, number) => {
    expect(errors(failing({ operation1: 'any', error1: name }), 1)).toEqual([number]);
  });

  test('for a range fails what touches it', () => {
    const harness = failing({ operation1: 'read', startKib1: 4, lengthKib1: 4 });
    expect(harness.run('read', 0, 4096).error).toBe(0);
    expect(harness.run('read', 8192, 4096).error).toBe(0);
    expect(harness.run('read', 3584, 1024).error).toBe(EIO);
    expect(harness.run('read', 7680, 1024).error).toBe(EIO);
  });

  test('with a number is off after so many, until it is set anew', () => {
    const harness = failing({ operation1: 'read', count1: 2 });
    expect(errors(harness, 4)).toEqual([EIO, EIO, 0, 0]);
    expect(harness.filter.statistics?.()).toEqual({ failed1: 2, failed2: 0 });
    harness.filter.setProperties?.({ operation1: 'read', count1: 1, percent1: 100, seed: 1 });
    expect(errors(harness, 2)).toEqual([EIO, 0]);
  });

  test('by chance fails about its share, and repeats with its seed', () => {
    const run = (seed: number) =>
      errors(failing({ operation1: 'read', percent1: 25, seed }), 2000).map((each) => each > 0);
    const share = run(3).filter(Boolean).length / 2000;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.3);
    expect(run(3)).toEqual(run(3));
    expect(run(4)).not.toEqual(run(3));
  });

  test('before keeps the storage from doing it, after does not', () => {
    for (const [when, expected] of [
      ['before', 0],
      ['after', 7],
    ] as const) {
      const harness = failing({ operation1: 'write', when1: when });
      const io = harness.submit('write', 0, new Uint8Array(512).fill(7));
      if (io.state === 'submitted') {
        harness.apply(io);
        expect(harness.filter.completed?.(io)).toBe(-EIO);
      } else expect(io.error).toBe(EIO);
      expect(harness.disk[0]).toBe(expected);
    }
  });

  test('hands on to the second what it leaves', () => {
    const rules = { operation1: 'read', count1: 1, operation2: 'any', error2: 'ENOSPC' };
    expect(errors(failing(rules), 3)).toEqual([EIO, ENOSPC, ENOSPC]);
  });
});

describe('a migration', () => {
  test('goes on with the count', () => {
    const rule = { operation1: 'read', count1: 3 };
    const source = failing(rule);
    expect(errors(source, 2)).toEqual([EIO, EIO]);
    const target = failing(rule, source.filter.saveState?.() ?? null);
    expect(errors(target, 3)).toEqual([EIO, 0, 0]);
  });

  test('from what cannot be read begins anew', () => {
    for (const text of ['', '{}', '[null,"x"]', '[1.5]']) {
      const harness = failing({ operation1: 'read', count1: 2 }, new TextEncoder().encode(text));
      expect(errors(harness, 3)).toEqual([EIO, EIO, 0]);
    }
  });
});
