// Tests of the VMDK descriptor: round trips, what other writers produce, and lies that must be
// refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import {
  capacitySectors,
  formatDescriptor,
  iofilters,
  parseDescriptor,
  withIofilters,
} from './descriptor.ts';
import { newDescriptor } from './new-descriptor.ts';

const random = { bytes: (length: number) => new Uint8Array(length).fill(0xa5) };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const GOOD = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=de389d48
parentCID=ffffffff
isNativeSnapshot="no"
createType="vmfs"

# Extent description
RW 131072 VMFS "base-flat.vmdk"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.iofilters = "trace,qos"
ddb.sidecars = "base-1.vmfd"
`;

test('reads what ESXi writes and keeps unknown keys', () => {
  const descriptor = parseDescriptor(text(GOOD));
  expect(capacitySectors(descriptor)).toBe(131072);
  expect(iofilters(descriptor)).toEqual(['trace', 'qos']);
  expect(descriptor.extents[0]).toMatchObject({ type: 'VMFS', fileName: 'base-flat.vmdk' });
  const again = new TextDecoder().decode(formatDescriptor(withIofilters(descriptor, ['cache'])));
  expect(again).toContain('isNativeSnapshot="no"');
  expect(again).toContain('ddb.sidecars = "base-1.vmfd"');
  expect(again).toContain('ddb.iofilters = "cache"');
});

const DELTA = `# Disk DescriptorFile
version=1
CID=00000002
parentCID=00000001
isNativeSnapshot="no"
createType="vmfsSparse"
parentFileNameHint="../gold/gold.vmdk"
RW 8192 VMFSSPARSE "web01-000001-delta.vmdk"
`;

test('reads a delta and writes it back with its parent', () => {
  const delta = parseDescriptor(text(DELTA));
  expect(delta).toMatchObject({ parentCid: '00000001', parentFileNameHint: '../gold/gold.vmdk' });
  expect(parseDescriptor(formatDescriptor(delta))).toEqual(delta);
});

test.each([
  ['vmfs', 'RW 8192 VMFS "vsan://5a1c/web01"', 'vsan://5a1c/web01'],
  ['vmfs', 'RW 8192 VMFS "vvol://naa.6000"', 'vvol://naa.6000'],
  ['vmfsRawDeviceMap', 'RW 8192 VMFSRDM "web01-rdm.vmdk"', 'web01-rdm.vmdk'],
  ['twoGbMaxExtentFlat', 'RW 8192 ZERO', ''],
  ['streamOptimized', 'RW 8192 SPARSE "web01.vmdk"', 'web01.vmdk'],
])('reads an extent of a %s disk: %s', (createType, line, fileName) => {
  const source = GOOD.replace('"vmfs"', `"${createType}"`).replace(/^RW.*$/m, line);
  const descriptor = parseDescriptor(text(source));
  expect(descriptor.extents).toMatchObject([{ sectors: 8192, fileName }]);
  expect(parseDescriptor(formatDescriptor(descriptor))).toEqual(descriptor);
});

test.each([
  ['a parent without its CID', DELTA.replace('00000001', 'ffffffff')],
  ['a parent CID without the parent', DELTA.replace(/^parentFile.*$/m, '')],
  ['a parent that is empty', DELTA.replace('../gold/gold.vmdk', '')],
  ['an object that leads elsewhere', GOOD.replace('base-flat.vmdk', 'vsan://a/../b')],
  ['an object of another kind', GOOD.replace('base-flat.vmdk', 'nbd://host/disk')],
  ['a ZERO extent with a file', GOOD.replace('VMFS "', 'ZERO "')],
  ['a redo log with an offset', DELTA.replace('-delta.vmdk"', '-delta.vmdk" 0')],
])('refuses %s in a descriptor', (_, source) => {
  expect(() => parseDescriptor(text(source))).toThrow(FormatError);
});

test('removes the key when the last filter goes', () => {
  const bare = withIofilters(parseDescriptor(text(GOOD)), []);
  expect(new TextDecoder().decode(formatDescriptor(bare))).not.toContain('iofilters');
});

test('cuts at the first NUL, as a descriptor padded by qemu needs', () => {
  const padded = new Uint8Array(64 * 1024);
  padded.set(text(GOOD));
  expect(parseDescriptor(padded)).toEqual(parseDescriptor(text(GOOD)));
});

test.each([
  ['no first line', GOOD.slice(2)],
  ['a path in an extent', GOOD.replace('base-flat.vmdk', '../other-flat.vmdk')],
  ['an absolute extent', GOOD.replace('base-flat.vmdk', '/etc/passwd')],
  ['an extent named ..', GOOD.replace('base-flat.vmdk', '..')],
  ['zero sectors', GOOD.replace('RW 131072', 'RW 0')],
  ['sectors beyond any disk', GOOD.replace('RW 131072', 'RW 9223372036854775807')],
  ['negative sectors', GOOD.replace('RW 131072', 'RW -5')],
  ['no extent', GOOD.replace(/^RW.*$/m, '')],
  ['a FLAT extent without an offset', GOOD.replace('VMFS "', 'FLAT "')],
  ['a FLAT extent in a vmfs disk', GOOD.replace('VMFS "base-flat.vmdk"', 'FLAT "a.vmdk" 0')],
  ['a sparse extent', GOOD.replace('VMFS "', 'SPARSE "')],
  ['a sparse disk', GOOD.replace('"vmfs"', '"monolithicSparse"')],
  ['a delta', GOOD.replace('parentCID=ffffffff', 'parentCID=12345678')],
  ['no CID', GOOD.replace(/^CID.*$/m, '')],
  ['a CID twice', GOOD.replace('CID=de389d48', 'CID=de389d48\nCID=de389d48')],
  ['a ddb value without quotes', GOOD.replace('"lsilogic"', 'lsilogic')],
  ['another version', GOOD.replace('version=1', 'version=4')],
  ['more than 20 KiB', `${GOOD}${'#'.repeat(21 * 1024)}\n`],
])('refuses %s', (_, source) => {
  expect(() => parseDescriptor(text(source))).toThrow(FormatError);
});

test('refuses bytes that are not UTF-8', () => {
  expect(() => parseDescriptor(Uint8Array.of(0x23, 0xff, 0xfe))).toThrow(FormatError);
});

test('a new disk of any size reads back as it was made', () => {
  const sizes = fc.integer({ min: 1, max: 62 * 2 ** 31 });
  const types = fc.constantFrom('vmfs' as const, 'monolithicFlat' as const);
  fc.assert(
    fc.property(sizes, types, (sectors, createType) => {
      const disk = newDescriptor({ createType, sectors, extentFileName: 'd-flat.vmdk', random });
      expect(parseDescriptor(formatDescriptor(disk))).toEqual(disk);
      expect(capacitySectors(disk)).toBe(sectors);
    }),
  );
});

test('any mutation of a good descriptor is read or refused, never a crash', () => {
  const original = text(GOOD);
  const edits = fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = Uint8Array.from(original);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        const descriptor = parseDescriptor(bytes);
        expect(parseDescriptor(formatDescriptor(descriptor))).toEqual(descriptor);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 2000 },
  );
});
