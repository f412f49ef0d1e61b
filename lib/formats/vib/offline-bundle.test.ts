// Tests of offline bundles: written and read back, and refused when anything in them does not fit.
import { beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../model/fault.ts';
import { readZip, writeZip } from './archive/zip.ts';
import { readOfflineBundle } from './offline-bundle.ts';
import { testVib } from './vib-fixtures.ts';
import { writeOfflineBundle } from './write-offline-bundle.ts';

let bundle: Uint8Array;
let first: Uint8Array;

beforeAll(async () => {
  first = await testVib({ descriptor: { name: 'one' } });
  bundle = await writeOfflineBundle({
    vendor: { name: 'Test & Co', code: 'TST' },
    bulletin: { id: 'b-1', summary: 'Two VIBs', releaseDate: '2026-01-01T00:00:00+00:00' },
    vibs: [first, await testVib({ descriptor: { name: 'two' } })],
  });
});

/** The bundle with one of its files changed; null takes it out. */
async function withFile(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Promise<Uint8Array> {
  const files = await readZip(bundle, 'it');
  const changed = change(files.get(path) ?? new Uint8Array());
  if (changed) files.set(path, changed);
  else files.delete(path);
  return writeZip(files);
}

describe('an offline bundle', () => {
  test('gives its vendors and VIBs', async () => {
    const { vendors, vibs } = await readOfflineBundle(bundle);
    expect(vendors).toEqual([{ name: 'Test & Co', code: 'TST' }]);
    expect(vibs.map(({ id }) => id)).toEqual(['TST_bootbank_one_1.0.0', 'TST_bootbank_two_1.0.0']);
    expect(Buffer.compare(vibs[0]?.bytes ?? new Uint8Array(), first)).toBe(0);
  });

  test('with an edited VIB is refused', async () => {
    const path = 'vib20/one/TST_bootbank_one_1.0.0.vib';
    const edited = await withFile(path, (bytes) => {
      const copy = Uint8Array.from(bytes);
      copy[200] = (copy[200] ?? 0) ^ 1;
      return copy;
    });
    await expect(readOfflineBundle(edited)).rejects.toThrow(/does not match its checksum/);
    const longer = await withFile(path, (bytes) => Buffer.concat([bytes, bytes]));
    await expect(readOfflineBundle(longer)).rejects.toThrow(/has \d+ bytes, not \d+/);
    const gone = await withFile(path, () => null);
    await expect(readOfflineBundle(gone)).rejects.toThrow(/does not hold "vib20\/one/);
  });

  test.each(['index.xml', 'vendor-index.xml', 'metadata.zip'])(
    'without %s, or with another, is refused',
    async (path) => {
      for (const change of [() => null, () => new TextEncoder().encode('<other/>')]) {
        const bytes = await withFile(path, change);
        await expect(readOfflineBundle(bytes)).rejects.toBeInstanceOf(Fault);
      }
    },
  );

  test('is no other zip, and no other file', async () => {
    const other = await writeZip(new Map([['a', new Uint8Array(1)]]));
    await expect(readOfflineBundle(other)).rejects.toThrow(/does not hold "index.xml"/);
    await expect(readOfflineBundle(first)).rejects.toThrow(/not a zip/);
  });
});
