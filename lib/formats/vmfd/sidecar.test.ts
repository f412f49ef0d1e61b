// Tests of the sidecar format: what goes in comes out, and nothing that was torn or changed does.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../base/crc32c.ts';
import { FormatError } from '../format-error.ts';
import { decodeSidecar, encodeSidecar } from './sidecar.ts';

const contents = fc.uint8Array({ maxLength: 300 });

test('CRC-32C has the check value of its catalogue entry', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test('contents come back as they were', () => {
  fc.assert(
    fc.property(contents, (bytes) => {
      expect(decodeSidecar(encodeSidecar(bytes))).toEqual(bytes);
    }),
  );
});

describe('refused', () => {
  test('a file that ends too early, at any place', () => {
    fc.assert(
      fc.property(contents, fc.nat(), (bytes, cut) => {
        const file = encodeSidecar(bytes);
        const torn = file.subarray(0, cut % file.length);
        expect(() => decodeSidecar(torn)).toThrow(FormatError);
      }),
    );
  });

  test('a file with any bit changed', () => {
    fc.assert(
      fc.property(contents, fc.nat(), (bytes, bit) => {
        const file = encodeSidecar(bytes);
        const at = (bit >> 3) % file.length;
        file[at] = (file[at] ?? 0) ^ (1 << (bit & 7));
        expect(() => decodeSidecar(file)).toThrow(FormatError);
      }),
    );
  });

  test('a file with something behind it', () => {
    const file = encodeSidecar(new Uint8Array(3));
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expect(() => decodeSidecar(longer)).toThrow('it holds 4 bytes instead of 3');
  });

  test('a page of zeroes, as a crash leaves it', () => {
    expect(() => decodeSidecar(new Uint8Array(4096))).toThrow('does not begin with VMFD');
  });
});
