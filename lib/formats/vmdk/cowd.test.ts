// Tests of the redo log's header and of the sparse header: round trips, and lies that are refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import {
  COWD_SECTORS_MAX,
  formatCowdHeader,
  newCowdHeader,
  parseCowdHeader,
  readSectorNumbers,
  writeSectorNumbers,
} from './cowd.ts';
import { descriptorInHead, parseSparseHeader } from './sparse-header.ts';

test('a header of any disk reads back, and its directory fits before the first free sector', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: COWD_SECTORS_MAX }), (sectors) => {
      const header = newCowdHeader(sectors);
      expect(parseCowdHeader(formatCowdHeader(header))).toEqual(header);
      expect(header.directoryEntries * 4096).toBeGreaterThanOrEqual(sectors);
      const directoryEnd = header.directorySector * 512 + header.directoryEntries * 4;
      expect(header.freeSector * 512).toBeGreaterThanOrEqual(directoryEnd);
    }),
  );
  expect(() => newCowdHeader(COWD_SECTORS_MAX + 1)).toThrow(FormatError);
});

test('the header is laid out as the field has it', () => {
  const bytes = formatCowdHeader(newCowdHeader(131_072));
  expect(bytes.length).toBe(2048);
  expect(Buffer.from(bytes.subarray(0, 32)).toString('hex')).toBe(
    '434f574401000000030000000000020001000000040000002000000005000000',
  );
});

test('sector numbers read back as they were written', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 8, maxLength: 64 }), (numbers) => {
      const bytes = new Uint8Array(numbers.length * 4);
      writeSectorNumbers(numbers, 0, numbers.length, bytes);
      expect(readSectorNumbers(bytes, numbers.length)).toEqual(new Uint32Array(numbers));
    }),
  );
});

/** A header as qemu writes it for a monolithicSparse disk of 20 MiB. */
function sparseHeader(): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(3, 8);
  bytes.writeBigUInt64LE(40_960n, 12);
  bytes.writeBigUInt64LE(128n, 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(20n, 36);
  bytes.writeUInt32LE(512, 44);
  bytes.writeBigUInt64LE(21n, 48);
  bytes.writeBigUInt64LE(26n, 56);
  bytes.writeBigUInt64LE(128n, 64);
  bytes.write('\n \r\n', 73, 'latin1');
  return bytes;
}

test('reads a sparse header and finds the descriptor behind it', () => {
  expect(parseSparseHeader(sparseHeader())).toEqual({
    capacitySectors: 40_960,
    grainSectors: 128,
    descriptorSector: 1,
    descriptorSectors: 20,
    directorySector: 26,
    zeroGrains: false,
    compressed: false,
  });
  const head = Buffer.concat([sparseHeader(), Buffer.alloc(20 * 512, 'd')]);
  expect(Buffer.from(descriptorInHead(head)).equals(Buffer.alloc(20 * 512, 'd'))).toBe(true);
  const plain = Buffer.from('# Disk DescriptorFile');
  expect(descriptorInHead(plain)).toBe(plain);
});

test.each([
  ['another version', (bytes: Buffer) => bytes.writeUInt32LE(4, 4)],
  ['no sectors', (bytes: Buffer) => bytes.writeBigUInt64LE(0n, 12)],
  ['more sectors than a disk has', (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 50n, 12)],
  ['grains that are no power of two', (bytes: Buffer) => bytes.writeBigUInt64LE(100n, 20)],
  ['tables of another length', (bytes: Buffer) => bytes.writeUInt32LE(511, 44)],
  ['changed newlines', (bytes: Buffer) => bytes.writeUInt8(0x0d, 73)],
  ['another compression', (bytes: Buffer) => bytes.writeUInt32LE(0x30001, 8)],
  ['a descriptor out of reach', (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 40n, 28)],
])('refuses a sparse header with %s', (_, change) => {
  const bytes = sparseHeader();
  change(bytes);
  expect(() => descriptorInHead(bytes)).toThrow(FormatError);
});

test('any mutation of a header is read or refused, never a crash', () => {
  const cowd = Buffer.from(formatCowdHeader(newCowdHeader(131_072)));
  const edit = fc.tuple(fc.nat(120), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      for (const [original, parse] of [
        [cowd, parseCowdHeader],
        [sparseHeader(), parseSparseHeader],
      ] as const) {
        const bytes = Buffer.from(original);
        for (const [at, value] of edits) bytes[at] = value;
        try {
          parse(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(FormatError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
