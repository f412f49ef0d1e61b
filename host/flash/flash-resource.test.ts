// Tests of the virtual flash resource as a folder: how large it may be, whose files lie there, and
// that what one host takes over another cannot write any more.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import { FlashFolder, readFlashFolder } from './flash-folder.ts';
import { FlashResource } from './flash-resource.ts';

const HOST = { id: 'host-1', name: 'esx01' };
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-flash-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function folder(vmId = 'vm-1'): FlashFolder {
  const parts = { directory, capacityBytes: 0, host: HOST, random: systemRandom };
  return new FlashFolder(parts).of({ vmId, diskKey: 2000 });
}

describe('the resource of a host', () => {
  test('has the size that it was given last, also for a world that runs', async () => {
    const resource = await FlashResource.open(directory, 4 * MIB);
    const flash = folder();
    expect(flash.capacityBytes).toBe(4 * MIB);
    expect(() => flash.make('cache:a', 5 * MIB)).toThrow(/^ENOSPC/);
    await resource.configure(HOST, 8 * MIB);
    flash.make('cache:a', 5 * MIB).close();
    // A new start of the agent does not give it its first size again.
    await FlashResource.open(directory, 4 * MIB);
    expect(flash.capacityBytes).toBe(8 * MIB);
  });

  test('is not made smaller than what lies there, removed, or larger than its store', async () => {
    const resource = await FlashResource.open(directory, 8 * MIB);
    const file = folder().make('cache:a', 5 * MIB);
    for (const size of [0, 4 * MIB]) {
      await expect(resource.configure(HOST, size)).rejects.toMatchObject({
        fault: 'ResourceInUse',
      });
    }
    await expect(resource.configure(HOST, 2 ** 60)).rejects.toMatchObject({
      fault: 'NoDiskSpace',
    });
    await resource.configure(HOST, 5 * MIB);
    file.remove();
    await resource.configure(HOST, 0);
    expect(await resource.read()).toMatchObject({ state: 'none', usedBytes: 0, contents: [] });
  });

  test('says whose each file is', async () => {
    const resource = await FlashResource.open(directory, 8 * MIB);
    folder('vm-7').make('cache:web01/web01.vmdk', MIB).close();
    folder('').make('cache:db01/db01.vmdk', MIB, { mirrorOf: 'esx02' }).close();
    const { contents, usedBytes } = await resource.read();
    expect(usedBytes).toBe(2 * MIB);
    expect(contents).toContainEqual(
      expect.objectContaining({
        ...{ filter: 'cache', disk: 'web01/web01.vmdk', vmId: 'vm-7', diskKey: 2000 },
        mirrorOf: null,
      }),
    );
    expect(contents).toContainEqual(expect.objectContaining({ vmId: null, mirrorOf: 'esx02' }));
  });

  test('gives up one file of it, by hand', async () => {
    const resource = await FlashResource.open(directory, 8 * MIB);
    const kept = folder('vm-7').make('cache:a', MIB);
    const stale = folder('').make('cache:b', MIB, { mirrorOf: 'esx02' });
    await resource.remove(HOST.name, stale.id);
    expect(stale.isThere?.()).toBe(false);
    const taken = folder().take(kept.id);
    await resource.remove(HOST.name, taken?.id ?? '');
    expect(await resource.read()).toMatchObject({ usedBytes: 0, contents: [] });
    await expect(resource.remove(HOST.name, kept.id)).rejects.toMatchObject({ fault: 'NotFound' });
  });

  test('says so when it cannot be read', async () => {
    const resource = await FlashResource.open(directory, 8 * MIB);
    await rm(directory, { recursive: true });
    expect(await resource.read()).toMatchObject({ state: 'failed' });
  });
});

test('disks of two virtual machines may be called the same', async () => {
  await FlashResource.open(directory, 8 * MIB);
  const other = folder('vm-2').make('cache:a', MIB);
  folder('vm-1').make('cache:a', MIB).close();
  folder('vm-1').sweep('cache:a', null);
  expect(readFlashFolder(directory).map(({ id }) => id)).toEqual([other.id]);
});

test('a file that was taken is found by taking it, and is gone for its writer', async () => {
  await FlashResource.open(directory, 8 * MIB);
  const written = folder().make('cache:a', MIB);
  written.write(0, new Uint8Array([1, 2, 3]));
  expect(written.isThere?.()).toBe(true);
  for (let round = 0; round < 2; round++) {
    const taken = folder('vm-2').take(written.id);
    const bytes = new Uint8Array(3);
    taken?.read(0, bytes);
    expect([...bytes]).toEqual([1, 2, 3]);
    taken?.close();
  }
  expect(written.isThere?.()).toBe(false);
  expect(folder().find(written.id)).toBeNull();
  folder('vm-2').take(written.id)?.remove();
  expect(readFlashFolder(directory)).toEqual([]);
});
