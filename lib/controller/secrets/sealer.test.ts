// What is sealed opens again, and nowhere else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemRandom } from '../../base/system-random.ts';
import { createSealer, isSealed } from './sealer.ts';

const sealer = createSealer(systemRandom.bytes(32), systemRandom);

test('any text comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sealed = sealer.seal(text, 'a');
      expect(isSealed(sealed)).toBe(true);
      expect(sealer.open(sealed, 'a')).toBe(text);
    }),
  );
});

test('the same text is sealed differently each time', () => {
  expect(sealer.seal('token', 'a')).not.toBe(sealer.seal('token', 'a'));
});

test('neither another purpose, nor another secret, nor changed text opens it', () => {
  const sealed = sealer.seal('a token', 'a');
  const other = createSealer(systemRandom.bytes(32), systemRandom);
  const changed = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
  const refused = expect.objectContaining({ fault: 'InvalidState' });
  expect(() => sealer.open(sealed, 'b')).toThrow(refused);
  expect(() => other.open(sealed, 'a')).toThrow(refused);
  expect(() => sealer.open(changed, 'a')).toThrow(refused);
  expect(() => sealer.open('sealed:1:', 'a')).toThrow(refused);
});
