// Tests of disks that qemu made, of every type that it writes, alone and under our redo logs, and
// of deltas that qemu put on top.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import type { Backing } from '../backing.ts';
import { readBacking, writeBacking, zeroBacking } from '../backing-io.ts';
import { openBacking } from '../open-backing.ts';
import { createRedoLog } from '../snapshot-files.ts';
import { systemDiskFiles } from '../system-disk-files.ts';

// Whole disks compared on a busy machine: the limit only ends what hangs.
vi.setConfig({ testTimeout: 180_000 });

const run = promisify(execFile);
const SIZE = 20 * MIB;
const files = systemDiskFiles;
let directory: string;
let hasQemu = true;

beforeAll(async () => {
  await run('qemu-img', ['--version']).catch((error: unknown) => {
    if (process.env.CI) throw error;
    hasQemu = false;
  });
});

beforeEach(async ({ skip }) => {
  if (!hasQemu) skip('qemu-img is missing');
  directory = await mkdtemp(join(tmpdir(), 'sluice-foreign-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const inside = (name: string): string => join(directory, name);
const open = (name: string, readOnly = false): Promise<Backing> =>
  openBacking({ descriptorPath: inside(name), clock: systemClock, files, readOnly });

/** Random bytes here and there, compressible ones elsewhere, holes between. */
async function makeRaw(): Promise<Buffer> {
  const raw = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 5 * MIB) {
    Buffer.from(systemRandom.bytes(300 * KIB)).copy(raw, at + 1000);
    raw.fill('sluice', at + 2 * MIB, at + 2 * MIB + 100 * KIB);
  }
  await writeFile(inside('raw'), raw);
  return raw;
}

async function convert(subformat: string, name: string): Promise<void> {
  const options = ['-O', 'vmdk', '-o', `subformat=${subformat}`];
  await run('qemu-img', ['convert', '-f', 'raw', ...options, inside('raw'), inside(name)]);
}

async function contentsOf(disk: Backing): Promise<Buffer> {
  const buffer = Buffer.alloc(disk.sizeBytes);
  expect(await readBacking(disk, 0, buffer)).toBe(0);
  return buffer;
}

/** What block status calls zero must be, and what is known to be zero without reading. */
async function expectTruthful(disk: Backing, contents: Buffer): Promise<void> {
  for (let at = 0; at < disk.sizeBytes; at += 100 * KIB) {
    const length = Math.min(200 * KIB, disk.sizeBytes - at);
    const known = (await disk.zeroesFrom?.(at, length)) ?? 0;
    expect(contents.subarray(at, at + known).equals(Buffer.alloc(known))).toBe(true);
  }
  for (let at = 0; at < disk.sizeBytes; ) {
    const extents = await disk.blockStatus(at, disk.sizeBytes - at);
    if (typeof extents === 'number') throw new Error(`errno ${extents}`);
    expect(extents.length).toBeGreaterThan(0);
    for (const { length, flags } of extents) {
      const isZero = contents.subarray(at, at + length).every((byte) => byte === 0);
      if ((flags & 2) !== 0) expect(isZero).toBe(true);
      at += length;
    }
  }
}

test.each([
  'monolithicFlat',
  'monolithicSparse',
  'twoGbMaxExtentFlat',
  'twoGbMaxExtentSparse',
  'streamOptimized',
])('a %s disk of qemu reads as it is, and takes a redo log', async (subformat) => {
  const raw = await makeRaw();
  await convert(subformat, 'd.vmdk');
  if (!subformat.endsWith('Flat')) {
    await expect(open('d.vmdk')).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
  }
  const disk = await open('d.vmdk', true);
  const contents = await contentsOf(disk);
  expect(contents.equals(raw)).toBe(true);
  await expectTruthful(disk, contents);
  await disk.close();
  await createRedoLog({
    parentDescriptorPath: inside('d.vmdk'),
    childDescriptorPath: inside('d-000001.vmdk'),
    files,
    random: systemRandom,
  });
  const child = await open('d-000001.vmdk');
  const data = Buffer.from(systemRandom.bytes(33 * KIB));
  expect(await writeBacking(child, 5 * MIB - 512, data)).toBe(0);
  expect(await zeroBacking(child, 2 * MIB + 512, 70 * KIB)).toBe(0);
  data.copy(raw, 5 * MIB - 512);
  raw.fill(0, 2 * MIB + 512, 2 * MIB + 512 + 70 * KIB);
  expect((await contentsOf(child)).equals(raw)).toBe(true);
  expect(await child.flush()).toBe(0);
  await child.close();
  await run('qemu-img', ['check', '-f', 'vmdk', inside('d-000001.vmdk')]);
  await expectQemuReads('d-000001.vmdk', raw);
});

async function expectQemuReads(name: string, raw: Buffer): Promise<void> {
  const out = inside('out.raw');
  await run('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', inside(name), out]);
  expect((await readFile(out)).equals(raw)).toBe(true);
}

test('many disks of 2 GiB parts are one disk', async () => {
  const create = ['create', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse'];
  await run('qemu-img', [...create, inside('d.vmdk'), '5G']);
  await run('qemu-io', ['-f', 'vmdk', '-c', 'write -P 0x6b 2047M 2M', inside('d.vmdk')]);
  const disk = await open('d.vmdk', true);
  expect(disk.sizeBytes).toBe(5 * 1024 * MIB);
  const buffer = Buffer.alloc(4 * MIB);
  expect(await readBacking(disk, 2046 * MIB, buffer)).toBe(0);
  const wanted = Buffer.alloc(4 * MIB).fill(0x6b, MIB, 3 * MIB);
  expect(buffer.equals(wanted)).toBe(true);
  await disk.close();
});

test('a delta of qemu over our chain, and ours over that', async () => {
  const raw = await makeRaw();
  await convert('monolithicFlat', 'd.vmdk');
  await createRedoLog({
    parentDescriptorPath: inside('d.vmdk'),
    childDescriptorPath: inside('d-000001.vmdk'),
    files,
    random: systemRandom,
  });
  const ours = await open('d-000001.vmdk');
  expect(await writeBacking(ours, MIB, Buffer.alloc(MIB, 0x31))).toBe(0);
  raw.fill(0x31, MIB, 2 * MIB);
  expect(await ours.flush()).toBe(0);
  await ours.close();
  const backing = `backing_file=${inside('d-000001.vmdk')},backing_fmt=vmdk`;
  await run('qemu-img', ['create', '-f', 'vmdk', '-o', backing, inside('d-000002.vmdk')]);
  const commands = ['-c', 'write -P 0x32 1500k 700k', '-c', 'write -z 10M 1M'];
  await run('qemu-io', ['-f', 'vmdk', ...commands, inside('d-000002.vmdk')]);
  raw.fill(0x32, 1500 * KIB, 2200 * KIB).fill(0, 10 * MIB, 11 * MIB);
  const disk = await open('d-000002.vmdk', true);
  const contents = await contentsOf(disk);
  expect(contents.equals(raw)).toBe(true);
  await expectTruthful(disk, contents);
  await disk.close();
});

// qemu makes no new grain tables in a redo log, so it writes where there are some.
test('qemu writes into our redo log, and we read it', async () => {
  const raw = await makeRaw();
  await convert('monolithicFlat', 'd.vmdk');
  await createRedoLog({
    parentDescriptorPath: inside('d.vmdk'),
    childDescriptorPath: inside('d-000001.vmdk'),
    files,
    random: systemRandom,
  });
  const before = await open('d-000001.vmdk');
  expect(await writeBacking(before, 3 * 512, Buffer.alloc(3000 * 512, 0x41))).toBe(0);
  expect(await writeBacking(before, 13 * MIB, Buffer.alloc(512, 0x41))).toBe(0);
  raw.fill(0x41, 3 * 512, 3003 * 512).fill(0x41, 13 * MIB, 13 * MIB + 512);
  expect(await before.flush()).toBe(0);
  await before.close();
  const commands = ['-c', 'write -P 0x42 700k 100k', '-c', 'write -P 0x43 12M 64k'];
  await run('qemu-io', ['-f', 'vmdk', ...commands, inside('d-000001.vmdk')]);
  raw.fill(0x42, 700 * KIB, 800 * KIB).fill(0x43, 12 * MIB, 12 * MIB + 64 * KIB);
  const disk = await open('d-000001.vmdk');
  expect((await contentsOf(disk)).equals(raw)).toBe(true);
  expect(await writeBacking(disk, 12 * MIB + 512, Buffer.alloc(200 * KIB, 0x44))).toBe(0);
  raw.fill(0x44, 12 * MIB + 512, 12 * MIB + 512 + 200 * KIB);
  expect(await disk.flush()).toBe(0);
  await disk.close();
  await expectQemuReads('d-000001.vmdk', raw);
});
