// Tests of the space that disks take: new ones of each provisioning, growing, and what happens when
// a datastore is full, also on a real file system of a few MiB.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Timer } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { capacitySectors } from '#lib/formats/vmdk/descriptor.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Provisioning } from '#lib/wire/agent/disk-rpc.ts';
import { FLUSH } from '../chain/chain-io.ts';
import { readDescriptor } from '../datastore/descriptor-file.ts';
import { allocatedBytes } from './allocated-bytes.ts';
import type { Backing } from './backing.ts';
import { readBacking, runIo, writeBacking } from './backing-io.ts';
import { copyBacking } from './copy-backing.ts';
import { createFlatDisk } from './create-disk.ts';
import { MemoryDisk } from './files/test-files.ts';
import { growFlatDisk } from './grow-disk.ts';
import { openBacking } from './open-backing.ts';
import { createRedoLog } from './snapshot-files.ts';
import { SpacePause } from './space-pause.ts';
import { systemDiskFiles } from './system-disk-files.ts';

const run = promisify(execFile);
const files = systemDiskFiles;
const random = systemRandom;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-space-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function create(
  capacityBytes: number,
  provisioning: Provisioning,
  home = directory,
): Promise<string> {
  const descriptorPath = join(home, 'd.vmdk');
  const request = { descriptorPath, capacityBytes, provisioning, files, random };
  return createFlatDisk(request).then(() => descriptorPath);
}

const open = (descriptorPath: string): Promise<Backing> =>
  openBacking({ descriptorPath, clock: systemClock, files });

test.each([
  ['thin', 0, MIB],
  ['thick', 8 * MIB, 9 * MIB],
  ['eagerZeroedThick', 8 * MIB, 9 * MIB],
] as const)(
  'a new %s disk takes its space, and grows as it is',
  async (provisioning, least, most) => {
    const descriptorPath = await create(8 * MIB, provisioning);
    const disk = await open(descriptorPath);
    const data = Buffer.alloc(4096, 0x5a);
    expect(await writeBacking(disk, 8 * MIB - 4096, data)).toBe(0);
    const taken = await allocatedBytes({ descriptorPath, files });
    expect(taken).toBeGreaterThanOrEqual(least);
    expect(taken).toBeLessThan(most);
    await disk.close();
    // What stands behind the end of the disk does not become part of it.
    const flat = join(directory, 'd-flat.vmdk');
    await writeFile(flat, Buffer.alloc(4096, 0xee), { flag: 'a' });
    const grown = await growFlatDisk({ descriptorPath, capacityBytes: 20 * MIB, files });
    expect(capacitySectors(grown)).toBe(40960);
    expect(await readDescriptor(descriptorPath)).toEqual(grown);
    const again = await open(descriptorPath);
    const buffer = Buffer.alloc(20 * MIB);
    expect(await readBacking(again, 0, buffer)).toBe(0);
    expect(buffer.subarray(8 * MIB - 4096, 8 * MIB).equals(data)).toBe(true);
    expect(buffer.subarray(8 * MIB).every((byte) => byte === 0)).toBe(true);
    await again.close();
    const after = await allocatedBytes({ descriptorPath, files });
    if (provisioning === 'thin') expect(after).toBeLessThan(MIB);
    else expect(after).toBeGreaterThanOrEqual(20 * MIB);
  },
);

test('refuses sizes that cannot be, and to shrink, and to grow under a snapshot', async () => {
  await expect(create(1000, 'thin')).rejects.toMatchObject({ fault: 'InvalidArgument' });
  await expect(create(2 ** 47, 'thin')).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const descriptorPath = await create(MIB, 'thin');
  await expect(create(MIB, 'thin')).rejects.toMatchObject({ fault: 'AlreadyExists' });
  const shrink = growFlatDisk({ descriptorPath, capacityBytes: 512, files });
  await expect(shrink).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const childDescriptorPath = join(directory, 'd-000001.vmdk');
  const snapshot = { parentDescriptorPath: descriptorPath, childDescriptorPath, files, random };
  await createRedoLog(snapshot);
  const grow = growFlatDisk({
    descriptorPath: childDescriptorPath,
    capacityBytes: 2 * MIB,
    files,
  });
  await expect(grow).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
});

test('a redo log of a disk of 2 TiB or more is refused, and nothing is left', async () => {
  const parentDescriptorPath = await create(MIB, 'thin');
  await growFlatDisk({ descriptorPath: parentDescriptorPath, capacityBytes: 2 ** 41, files });
  const childDescriptorPath = join(directory, 'd-000001.vmdk');
  const request = { parentDescriptorPath, childDescriptorPath, files, random };
  await expect(createRedoLog(request)).rejects.toMatchObject({ fault: 'InvalidArgument' });
  expect((await readdir(directory)).sort()).toEqual(['d-flat.vmdk', 'd.vmdk']);
});

test('I/Os that find no space wait, reads go on, and all is done when there is room', async () => {
  const disk = new MemoryDisk(Buffer.alloc(MIB));
  const held: number[] = [];
  let again = 0;
  const timers: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after(_: number, callback: () => void): Timer {
      timers.push(callback);
      return { cancel: () => timers.splice(timers.indexOf(callback), 1) };
    },
  };
  const pause = new SpacePause({
    inner: disk,
    clock,
    onNoSpace: (count) => held.push(count),
    onSpaceAgain: () => {
      again += 1;
    },
  });
  expect(await writeBacking(pause, 0, Buffer.alloc(512, 1))).toBe(0);
  disk.error = 28;
  const first = writeBacking(pause, 512, Buffer.alloc(512, 2));
  const second = writeBacking(pause, 1024, Buffer.alloc(512, 3));
  expect(held).toEqual([1, 2]);
  expect(pause.held).toBe(2);
  const buffer = Buffer.alloc(512);
  expect(await readBacking(pause, 0, buffer)).toBe(0);
  expect(buffer[0]).toBe(1);
  timers[0]?.();
  expect(pause.held).toBe(2);
  expect(again).toBe(0);
  disk.error = 0;
  pause.retryNow();
  expect(await Promise.all([first, second])).toEqual([0, 0]);
  expect([disk.bytes[512], disk.bytes[1024], again, timers.length]).toEqual([2, 3, 1, 0]);
  disk.error = 28;
  const third = writeBacking(pause, 512, Buffer.alloc(512, 4));
  pause.giveUp();
  expect(await third).toBe(28);
  disk.error = 5;
  expect(await writeBacking(pause, 512, Buffer.alloc(512, 4))).toBe(5);
});

test('a redo log on a datastore that is really full pauses and loses nothing', async ({ skip }) => {
  const mount = join(directory, 'small');
  await mkdir(mount);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
  } catch (error) {
    if (process.env.CI && process.getuid?.() === 0) throw error;
    skip('a file system cannot be mounted here');
  }
  try {
    await fillSmallDatastore(mount);
  } finally {
    await run('umount', [mount]);
  }
});

async function fillSmallDatastore(mount: string): Promise<void> {
  const parentDescriptorPath = await create(16 * MIB, 'thin', mount);
  const childDescriptorPath = join(mount, 'd-000001.vmdk');
  await createRedoLog({ parentDescriptorPath, childDescriptorPath, files, random });
  const other = join(mount, 'other');
  await writeFile(other, Buffer.alloc(3 * MIB));
  const inner = await open(childDescriptorPath);
  let waits: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const pause = new SpacePause({
    inner,
    clock: systemClock,
    onNoSpace: () => waits(),
    onSpaceAgain: () => undefined,
  });
  const model = Buffer.alloc(16 * MIB);
  const writes: Promise<number>[] = [];
  for (let index = 0; index < 12; index++) {
    const data = Buffer.alloc(index % 2 === 0 ? 200 * 1024 : 40 * 1024, index + 1);
    data.copy(model, index * MIB);
    writes.push(writeBacking(pause, index * MIB, data));
  }
  await waiting;
  await truncate(other, 0);
  const flushed = new Promise((resolve) => {
    void Promise.all(writes).then(() =>
      runIo(pause, { code: FLUSH, offset: 0, length: 0 }, resolve),
    );
  });
  pause.retryNow();
  expect(await Promise.all(writes)).toEqual(writes.map(() => 0));
  expect(await flushed).toBe(0);
  await pause.close();
  const disk = await open(childDescriptorPath);
  const buffer = Buffer.alloc(16 * MIB);
  expect(await readBacking(disk, 0, buffer)).toBe(0);
  expect(buffer.equals(model)).toBe(true);
  await disk.close();
  expect((await stat(other)).size).toBe(0);
  expect((await readFile(other)).length).toBe(0);
}

test('a copy of a disk that is nearly empty looks at little more than it holds', async () => {
  const size = 256 * 1024 * MIB;
  const base = await create(size, 'thin');
  const top = join(directory, 'd-000001.vmdk');
  const paths = { parentDescriptorPath: base, childDescriptorPath: top };
  await createRedoLog({ ...paths, files, random });
  const source = await open(top);
  const data = Buffer.alloc(64 * 1024, 0x5a);
  const places = [MIB, size / 2 + 512, size - data.length];
  for (const offset of places) expect(await writeBacking(source, offset, data)).toBe(0);
  const home = join(directory, 'copy');
  await mkdir(home);
  const target = await open(await create(size, 'thin', home));
  let steps = 0;
  let last = 0;
  const onProgress = (done: number): void => {
    steps += 1;
    last = done;
  };
  const bytes = await copyBacking({ source, target, targetIsZero: true, onProgress });
  expect(bytes).toBeLessThan(MIB);
  expect(last).toBe(size);
  expect(steps).toBeLessThan(100);
  for (const offset of places) {
    const found = Buffer.alloc(data.length);
    expect(await readBacking(target, offset, found)).toBe(0);
    expect(found.equals(data)).toBe(true);
  }
  await source.close();
  await target.close();
});
