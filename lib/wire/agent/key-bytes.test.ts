// Tests of keys as bytes: they come back as they were, and nothing else is taken for keys.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeKeys, encodeKeys, KEY_BYTES } from './key-bytes.ts';

const keys = fc.array(
  fc.record({
    provider: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,20}$/),
    keyId: fc.stringMatching(/^[A-Za-z0-9._:-]{1,40}$/),
    value: fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES }),
  }),
  { maxLength: 8 },
);

test('keys come back as they were, given as bytes or in base64', () => {
  fc.assert(
    fc.property(keys, fc.nat(9), (given, before) => {
      const named = given.map((key) => ({
        ...key,
        value: Buffer.from(key.value).toString('base64'),
      }));
      const bytes = encodeKeys(given);
      expect(encodeKeys(named)).toEqual(bytes);
      // As a part of a larger buffer.
      const whole = new Uint8Array(before + bytes.length);
      whole.set(bytes, before);
      expect(decodeKeys(whole.subarray(before))).toEqual(given);
    }),
  );
});

test('what is cut off, too long or something else is refused', () => {
  const bytes = encodeKeys([{ provider: 'vault', keyId: 'k', value: new Uint8Array(KEY_BYTES) }]);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeKeys(bytes.subarray(0, length))).toThrow(/no keys/);
  }
  expect(() => decodeKeys(Uint8Array.of(...bytes, 0))).toThrow(/no keys/);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5 }), (noise) => {
      expect(() => decodeKeys(noise)).toThrow(/no keys/);
    }),
  );
  const short = { provider: 'vault', keyId: 'k', value: new Uint8Array(16) };
  expect(() => encodeKeys([short])).toThrow(/256 bits/);
});
