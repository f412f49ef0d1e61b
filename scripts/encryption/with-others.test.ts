// Encryption in a real world with other filters and real clients: what stands behind it sees cipher
// text only, a file system that was there before passes its checker, and a guest boots from a disk
// whose writes go back from a log.
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { canBootGuests, makeBootImage } from '#host/test-guest/test-boot-image.ts';
import { Guest } from '#host/test-guest/test-guest.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { type RunningWorld, WorldHarness } from '#host/world/world-harness.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { orderFilters } from '#lib/rules/filter-order.ts';
import { giveKeys, KEY, onOneHost, shippedFilter } from '#scripts/cache/kill-loop.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 });

const KEYED = { keyProvider: KEY.provider, keyId: KEY.keyId, generation: 1 };
const CACHE = { mode: 'writeBack', sizeMib: 8, logMib: 8 };
const MARKER = Buffer.from(
  `what nobody but the guest may read: ${Buffer.from(systemRandom.bytes(16)).toString('hex')}`,
);

let harness: WorldHarness;
/** For what is no part of the world. */
let folder: string;
let flash: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-encryption-'));
  harness = await WorldHarness.create();
  flash = onOneHost(harness);
  giveKeys(harness);
});
afterEach(async () => {
  await harness.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** In the order in which a host calls them. */
async function filtersOf(wanted: Record<string, FilterPropertyValues>): Promise<LaunchFilter[]> {
  const found = await Promise.all(
    Object.entries(wanted).map(async ([name, properties]) => ({
      ...(await shippedFilter(harness, name)),
      properties,
    })),
  );
  const names = orderFilters(found).map(({ name }) => name);
  return found.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

async function worldWith(wanted: Record<string, FilterPropertyValues>): Promise<RunningWorld> {
  const disk = await harness.makeDisk(0);
  return harness.start(await harness.makeLaunch([disk], await filtersOf(wanted)));
}

/** Paths below the harness's folder of files that hold the marker. */
async function markedFiles(): Promise<string[]> {
  const names = await readdir(harness.directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of names.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // A file may be gone by now: a log that was replaced.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.includes(MARKER)) found.push(path);
  }
  return found;
}

/** In small pieces, which a cache keeps. */
async function writeMarker(world: RunningWorld): Promise<void> {
  const pattern = join(folder, 'marked');
  const sector = Buffer.alloc(512);
  MARKER.copy(sector);
  await writeFile(pattern, Buffer.concat(Array.from({ length: 8 }, () => sector)));
  const writes = Array.from({ length: 64 }, (_, i) => [
    ...['-c', `write -q -s ${pattern} ${i * 12}k 4k`],
    ...['-c', `read -q ${i * 12}k 4k`],
  ]);
  await mustRun('qemu-io', ['-f', 'raw', ...writes.flat(), '-c', 'flush', world.uri()]);
}

describe.skipIf(!haveTools('qemu-io'))('a cache beside encryption', () => {
  test('holds cipher text only, as does the datastore', async () => {
    const world = await worldWith({ cache: CACHE, encryption: KEYED, trace: {} });
    await writeMarker(world);
    expect((await readdir(flash)).length).toBeGreaterThan(0);
    expect(await markedFiles()).toEqual([]);
    await world.client.stop();
    expect(await markedFiles()).toEqual([]);
  });

  test('holds clear text when the policy allows that, and the datastore does not', async () => {
    const encryption = { ...KEYED, AllowCleartextFilters: true };
    const world = await worldWith({ cache: CACHE, encryption });
    await writeMarker(world);
    const marked = await markedFiles();
    expect(marked.length).toBeGreaterThan(0);
    expect(marked.filter((path) => !path.startsWith(flash))).toEqual([]);
  });
});

test.skipIf(!haveTools('nbdcopy', 'mkfs.ext4', 'fsck.ext4'))(
  'ext4 that was there before stays whole while its disk is encrypted',
  async () => {
    const image = join(folder, 'ext4');
    const files = join(folder, 'files');
    await mkdir(files);
    await writeFile(join(files, 'noise'), systemRandom.bytes(20 * MIB));
    await writeFile(image, '');
    await truncate(image, 64 * MIB);
    await mustRun('mkfs.ext4', ['-q', '-F', '-d', files, image]);
    const disk = await harness.makeDisk(0);
    const clear = await harness.start(await harness.makeLaunch([disk]));
    await mustRun('nbdcopy', ['--flush', image, clear.uri()]);
    await clear.client.stop();
    const filters = await filtersOf({ encryption: KEYED });
    const world = await harness.start(await harness.makeLaunch([disk], filters));
    await mustRun('nbdcopy', [world.uri(), join(folder, 'back')]);
    await mustRun('fsck.ext4', ['-n', '-f', join(folder, 'back')]);
    expect(Buffer.compare(await readFile(join(folder, 'back')), await readFile(image))).toBe(0);
    await world.client.stop();
  },
);

test.skipIf(!canBootGuests() || !haveTools('nbdcopy'))(
  'a guest boots from an encrypted disk with a cache and reads what it wrote',
  async () => {
    const world = await worldWith({ encryption: KEYED, cache: CACHE });
    await mustRun('nbdcopy', [await makeBootImage(folder), world.uri()]);
    const guest = await Guest.boot(folder, `nbd://127.0.0.1:${world.status.nbdPort}/scsi0:0`);
    const fill = 'mkdir -p /tmp && dd if=/dev/urandom of=/tmp/d bs=1M count=1 2>/dev/null';
    const put = 'dd if=/tmp/d of=/dev/vda bs=1M seek=48 conv=fsync 2>/dev/null';
    const written = await guest.run(`${fill} && ${put} && sha256sum < /tmp/d`);
    const drop = 'echo 3 > /proc/sys/vm/drop_caches';
    const read = 'dd if=/dev/vda bs=1M skip=48 count=1 2>/dev/null | sha256sum';
    expect(await guest.run(`${drop}; ${read}`)).toBe(written);
    await guest.powerOff();
    await world.client.stop();
  },
);
