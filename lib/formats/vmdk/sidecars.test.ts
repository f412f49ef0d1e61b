// Tests of `ddb.sidecars`: every file name survives, and names that are paths are refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { formatDescriptor, parseDescriptor, type VmdkDescriptor } from './descriptor.ts';
import { sidecars, withSidecars } from './sidecars.ts';

const descriptor: VmdkDescriptor = {
  cid: '00000001',
  parentCid: 'ffffffff',
  parentFileNameHint: null,
  createType: 'vmfs',
  extents: [{ access: 'RW', sectors: 8, type: 'VMFS', fileName: 'a-flat.vmdk', offsetSectors: 0 }],
  header: new Map(),
  ddb: new Map([['adapterType', 'lsilogic']]),
};

function withValue(value: string): VmdkDescriptor {
  return { ...descriptor, ddb: new Map([['sidecars', value]]) };
}

test('pairs survive the descriptor, whatever the file is called', () => {
  const printable = fc
    .integer({ min: 0x20, max: 0x2fff })
    .map((code) => String.fromCodePoint(code));
  const allowed = printable.filter((letter) => !'/\\\u007f'.includes(letter));
  const fileName = fc.string({ unit: allowed, minLength: 1 });
  const pairs = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/), fileName, { maxKeys: 4 });
  fc.assert(
    fc.property(pairs, (wanted) => {
      const files = new Map(Object.entries(wanted));
      const bytes = formatDescriptor(withSidecars(descriptor, files));
      expect(sidecars(parseDescriptor(bytes))).toEqual(files);
    }),
  );
});

test('the key goes with the last sidecar', () => {
  const one = withSidecars(descriptor, new Map([['trace', 'a-trace.vmfd']]));
  expect(one.ddb.get('sidecars')).toBe('trace:a-trace.vmfd');
  expect(withSidecars(one, new Map()).ddb.has('sidecars')).toBe(false);
});

test.each(['trace', 'trace:', 'trace:..%2Fother', 'trace:a%', 'trace:a,trace:b', ':a'])(
  'refuses %s',
  (value) => {
    expect(() => sidecars(withValue(value))).toThrow(FormatError);
  },
);
