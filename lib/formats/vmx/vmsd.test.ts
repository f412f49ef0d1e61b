// The snapshot dictionary: what is written reads back, what is malformed is refused, and nothing
// makes the parser fail in another way.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { formatVmsd, parseVmsd, type Vmsd } from './vmsd.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const vmsdArbitrary: fc.Arbitrary<Vmsd> = fc
  .array(
    fc.record({
      parentPick: fc.nat(),
      displayName: text,
      description: text,
      createdAt: fc.integer({ min: 0, max: 4_102_444_800_000 }),
      quiesced: fc.boolean(),
      disks: fc.array(
        fc.record({
          fileName: fc.constantFrom('web01.vmdk', 'web01-000001.vmdk', '/ds2/a b/x.vmdk'),
          node: fc.constantFrom('scsi0:0', 'scsi0:1', 'scsi1:15'),
          device: fc.constantFrom('', '{"label":"Hard disk 1"}'),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 8 },
  )
  .map((drawn) => {
    const snapshots = drawn.map(({ parentPick, ...snapshot }, index) => {
      const parent = parentPick % (index + 1);
      return { ...snapshot, uid: index + 1, parent: parent === 0 ? null : parent };
    });
    return { lastUid: snapshots.length, current: snapshots.at(-1)?.uid ?? null, snapshots };
  });

test('what is written reads back', () => {
  fc.assert(
    fc.property(vmsdArbitrary, (vmsd) => {
      expect(parseVmsd(formatVmsd(vmsd))).toEqual(vmsd);
    }),
  );
});

test('arbitrary text is read or refused with a FormatError', () => {
  const line = fc.oneof(
    fc.constantFrom('snapshot.numSnapshots = "2"', 'snapshot0.uid = "1"', 'snapshot1.uid = "1"'),
    fc.constantFrom('snapshot0.numDisks = "1"', 'snapshot0.parent = "7"', 'snapshot.current = "9"'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        parseVmsd(encode(lines.join('\n')));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FormatError);
      }
    }),
  );
});

test('the keys and the time as others write them', () => {
  const vmsd = parseVmsd(
    encode(
      [
        '.encoding = "UTF-8"',
        'snapshot.lastUID = "3"',
        'snapshot.current = "3"',
        'snapshot0.uid = "3"',
        'snapshot0.filename = "web01-Snapshot3.vmsn"',
        'snapshot0.displayName = "before |22the|22 upgrade"',
        'snapshot0.createTimeHigh = "370000"',
        'snapshot0.createTimeLow = "-1"',
        'snapshot0.numDisks = "1"',
        'snapshot0.disk0.fileName = "web01.vmdk"',
        'snapshot0.disk0.node = "scsi0:0"',
        'snapshot.numSnapshots = "1"',
      ].join('\r\n'),
    ),
  );
  expect(vmsd.snapshots[0]).toMatchObject({
    uid: 3,
    parent: null,
    displayName: 'before "the" upgrade',
    createdAt: Math.trunc((370_001 * 2 ** 32 - 1) / 1000),
    disks: [{ fileName: 'web01.vmdk', node: 'scsi0:0' }],
  });
  expect(parseVmsd(encode(''))).toEqual({ lastUid: 0, current: null, snapshots: [] });
});

test.each([
  ['a circle', 'snapshot0.parent = "1"'],
  ['an unknown current one', 'snapshot.current = "5"'],
  ['a number below its own', 'snapshot.lastUID = "x"'],
  ['too many', 'snapshot.numSnapshots = "5000"'],
])('%s is refused', (_, line) => {
  const numSnapshots = line.includes('numSnapshots') ? '' : 'snapshot.numSnapshots = "1"\n';
  const bytes = encode(`${numSnapshots}snapshot0.uid = "1"\n${line}\n`);
  expect(() => parseVmsd(bytes)).toThrow(FormatError);
});
