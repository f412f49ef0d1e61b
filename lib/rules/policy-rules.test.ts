// The rules of a policy against the filters that are known.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completeRules, judgePolicyRules, type KnownFilter } from './policy-rules.ts';

const qos: KnownFilter = {
  name: 'qos',
  class: 'datastoreIoControl',
  properties: [
    {
      ...{ name: 'iops', label: 'IOPS limit', help: '', type: 'integer', default: 500 },
      ...{ minimum: 16, maximum: 1000 },
    },
    { name: 'burst', label: 'Burst', help: '', type: 'boolean', default: true },
    { name: 'note', label: 'Note', help: '', type: 'string', default: '' },
    {
      ...{ name: 'mode', label: 'Mode', help: '', type: 'choice', default: 'soft' },
      choices: [
        { value: 'soft', label: 'Soft' },
        { value: 'hard', label: 'Hard' },
      ],
    },
  ],
};
const rule = (properties: Record<string, string | number | boolean>) => ({
  filterClass: 'datastoreIoControl' as const,
  provider: 'qos',
  properties,
});

test.each([
  [{}, true],
  [{ iops: 16, burst: false, note: 'x', mode: 'hard' }, true],
  [{ iops: 15 }, false],
  [{ iops: 1001 }, false],
  [{ iops: 20.5 }, false],
  [{ iops: '20' }, false],
  [{ burst: 1 }, false],
  [{ note: 5 }, false],
  [{ mode: 'firm' }, false],
  [{ unheard: 1 }, false],
])('%o: %s', (properties, allowed) => {
  expect(judgePolicyRules([rule(properties)], [qos]).allowed).toBe(allowed);
});

test('a filter that nobody knows, and two of a class, are refused', () => {
  expect(judgePolicyRules([rule({})], []).reasons).toMatchObject([{ fault: 'InvalidArgument' }]);
  expect(judgePolicyRules([rule({}), rule({})], [qos]).allowed).toBe(false);
});

test('completed rules hold every property, keep what was given, and stay sound', () => {
  const given = fc.record(
    { iops: fc.integer({ min: 16, max: 1000 }), burst: fc.boolean(), note: fc.string() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(given, (properties) => {
      const [complete] = completeRules([rule(properties)], [qos]);
      expect(Object.keys(complete?.properties ?? {}).sort()).toEqual([
        'burst',
        'iops',
        'mode',
        'note',
      ]);
      expect(complete?.properties).toMatchObject(properties);
      expect(judgePolicyRules(complete ? [complete] : [], [qos]).allowed).toBe(true);
    }),
  );
});
