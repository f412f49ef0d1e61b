// Tests of the VMX reader and writer: round trips of any values, and lines that must be refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { formatVmx, parseVmx, VMX_BYTES_MAX, vmxValue } from './vmx.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('reads entries, comments and empty lines, and finds keys in any case', () => {
  const vmx = parseVmx(text('.encoding = "UTF-8"\r\n# a comment\n\ndisplayName = "web 01"\n'));
  expect([...vmx]).toEqual([
    ['.encoding', 'UTF-8'],
    ['displayName', 'web 01'],
  ]);
  expect(vmxValue(vmx, 'DISPLAYNAME')).toBe('web 01');
  expect(vmxValue(vmx, 'memSize')).toBeNull();
});

test.each([
  ['a value without quotes', 'memSize = 1024\n'],
  ['a quote in a value', 'a = "x"y"\n'],
  ['a line without a key', '= "x"\n'],
  ['the same key in another case', 'a = "1"\nA = "2"\n'],
  ['a file that is too large', `a = "${'x'.repeat(VMX_BYTES_MAX)}"\n`],
])('refuses %s', (_, source) => {
  expect(() => parseVmx(text(source))).toThrow(FormatError);
});

test('refuses bytes that are not UTF-8', () => {
  expect(() => parseVmx(Uint8Array.of(0xff, 0xfe))).toThrow(FormatError);
});

test('whatever is written reads back, quotes, bars and line feeds too', () => {
  const keys = fc.stringMatching(/^[a-z][a-z0-9:.]{0,20}$/);
  const values = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key }), (entries) => {
      const vmx = new Map(entries);
      expect([...parseVmx(formatVmx(vmx))]).toEqual([...vmx]);
    }),
  );
});

test('any bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        parseVmx(bytes);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 500 },
  );
});
