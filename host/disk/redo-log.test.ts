// Tests of redo logs: any I/O against a plain array, full datastores, lying files, and that qemu
// reads what we write.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { formatCowdHeader, newCowdHeader } from '#lib/formats/vmdk/cowd.ts';
import { formatDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import { FLUSH, READ, TRIM, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';
import { readBacking, runIo, writeBacking, zeroBacking } from './backing-io.ts';
import { CrashFile, MemoryDisk } from './files/test-files.ts';
import { openBacking, openChain } from './open-backing.ts';
import { RedoLog } from './redo-log.ts';
import { createRedoLog, hintFor, nextDescriptorName } from './snapshot-files.ts';
import { systemDiskFiles } from './system-disk-files.ts';

const run = promisify(execFile);
/** A little more than two tables, and not whole ones. */
const SECTORS = 2 * 4096 + 777;
const SIZE = SECTORS * 512;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-redo-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function makeBase(contents: Buffer): Promise<string> {
  const extentFileName = 'web01-flat.vmdk';
  const random = systemRandom;
  const descriptor = newDescriptor({
    createType: 'vmfs',
    sectors: SECTORS,
    extentFileName,
    random,
  });
  await writeFile(join(directory, extentFileName), contents);
  const path = join(directory, 'web01.vmdk');
  await writeFile(path, formatDescriptor(descriptor));
  return path;
}

const files = systemDiskFiles;
const open = (descriptorPath: string): Promise<Backing> =>
  openBacking({ descriptorPath, clock: systemClock, files });

async function snapshot(parent: string): Promise<string> {
  const taken = parent.split('/').slice(-1);
  const childDescriptorPath = join(directory, nextDescriptorName(parent, taken));
  const request = { parentDescriptorPath: parent, childDescriptorPath, files };
  await createRedoLog({ ...request, random: systemRandom });
  return childDescriptorPath;
}

const stepArbitrary = fc.record({
  code: fc.constantFrom(WRITE, WRITE, WRITE, READ, WRITE_ZEROES, TRIM, FLUSH),
  sector: fc.oneof(fc.nat(SECTORS - 1), fc.nat(60), fc.integer({ min: 4090, max: 4100 })),
  sectors: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 6000 })),
  fill: fc.integer({ min: 1, max: 255 }),
  fua: fc.boolean(),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** Does an I/O on the disk and on the array that it must equal. */
async function doStep(disk: Backing, model: Buffer, step: Step): Promise<void> {
  const offset = step.sector * 512;
  const length = step.code === FLUSH ? 0 : Math.min(step.sectors * 512, SIZE - offset);
  const buffer = Buffer.alloc(length, step.code === READ ? 0 : step.fill);
  const request = { code: step.code, offset, length, buffer, fua: step.fua && step.code !== READ };
  const error = await new Promise((resolve) => runIo(disk, request, resolve));
  expect(error).toBe(0);
  if (step.code === READ) expect(buffer.equals(model.subarray(offset, offset + length))).toBe(true);
  if (step.code === WRITE) model.fill(step.fill, offset, offset + length);
  if (step.code === WRITE_ZEROES) model.fill(0, offset, offset + length);
  // What a trim leaves is not said; from then on the disk is the truth.
  if (step.code === TRIM) await readBacking(disk, offset, model.subarray(offset, offset + length));
}

async function contentsOf(disk: Backing): Promise<Buffer> {
  const buffer = Buffer.alloc(disk.sizeBytes);
  expect(await readBacking(disk, 0, buffer)).toBe(0);
  return buffer;
}

test('a chain equals a plain array, also after opening again and for qemu', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(stepArbitrary, { maxLength: 12 }), { minLength: 2, maxLength: 4 }),
      async (layers) => {
        await rm(directory, { recursive: true });
        directory = await mkdtemp(join(tmpdir(), 'sluice-redo-'));
        const model = Buffer.alloc(SIZE, 0x11);
        let path = await makeBase(model);
        for (const [index, steps] of layers.entries()) {
          if (index > 0) path = await snapshot(path);
          const disk = await open(path);
          for (const step of steps) await doStep(disk, model, step);
          expect(await disk.flush()).toBe(0);
          await disk.close();
        }
        const disk = await open(path);
        expect((await contentsOf(disk)).equals(model)).toBe(true);
        await disk.close();
        await expectQemuReads(path, model);
      },
    ),
    { numRuns: 4 },
  );
});

async function expectQemuReads(path: string, model: Buffer): Promise<void> {
  try {
    await run('qemu-img', ['--version']);
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write('qemu-img is missing: what it reads is not compared\n');
    return;
  }
  const raw = join(directory, 'qemu.raw');
  await run('qemu-img', ['check', '-f', 'vmdk', path]);
  await run('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', path, raw]);
  expect((await readFile(raw)).equals(model)).toBe(true);
}

async function newLog(parent: Backing): Promise<{ log: RedoLog; file: CrashFile }> {
  const file = new CrashFile();
  const header = newCowdHeader(SECTORS);
  const bytes = Buffer.alloc(header.freeSector * 512);
  bytes.set(formatCowdHeader(header));
  file.writeNow(bytes, 0, bytes.length, 0);
  await new Promise((resolve) => file.sync(resolve));
  return { log: await openLog(file, parent), file };
}

function openLog(file: CrashFile, parent: Backing): Promise<RedoLog> {
  return RedoLog.open({ file, parent, clock: systemClock, readOnly: false });
}

test('closing waits for a commit, and gives up what was not flushed', async () => {
  const parent = new MemoryDisk(Buffer.alloc(SIZE));
  const { log, file } = await newLog(parent);
  expect(await writeBacking(log, 0, Buffer.alloc(512, 1))).toBe(0);
  expect(await log.flush()).toBe(0);
  expect(await writeBacking(log, 512, Buffer.alloc(512, 2))).toBe(0);
  void log.flush();
  await log.closeOwn();
  expect(await writeBacking(log, 1024, Buffer.alloc(512, 3))).toBe(0);
  await log.closeOwn();
  const again = await openLog(file, parent);
  const buffer = Buffer.alloc(3 * 512);
  expect(await readBacking(again, 0, buffer)).toBe(0);
  expect([buffer[0], buffer[512], buffer[1024]]).toEqual([1, 2, 0]);
});

test('a full datastore fails the write, loses nothing, goes on with room', async () => {
  const parent = new MemoryDisk(Buffer.alloc(SIZE, 0x11));
  const { log, file } = await newLog(parent);
  const data = Buffer.alloc(64 * 512, 0xaa);
  expect(await writeBacking(log, 0, data)).toBe(0);
  file.limitBytes = file.sizeBytes;
  expect(await writeBacking(log, 100 * 512, data)).toBe(28);
  expect(await writeBacking(log, 4096 * 512, data)).toBe(28);
  expect(await zeroBacking(log, 5000 * 512, 2000 * 512)).toBe(28);
  expect(await writeBacking(log, 0, Buffer.alloc(512, 0xbb))).toBe(0);
  expect(await log.flush()).toBe(0);
  const model = Buffer.alloc(SIZE, 0x11);
  data.copy(model, 0);
  model.fill(0xbb, 0, 512);
  expect((await contentsOf(log)).equals(model)).toBe(true);
  file.limitBytes = Number.MAX_SAFE_INTEGER;
  expect(await writeBacking(log, 4096 * 512, data)).toBe(0);
  expect(await log.flush()).toBe(0);
  data.copy(model, 4096 * 512);
  const again = await openLog(
    file.afterCrash(() => false),
    parent,
  );
  expect((await contentsOf(again)).equals(model)).toBe(true);
});

test.each([
  ['a directory that names the header', 2048, 1],
  ['a directory that names what is not there', 2048, 99_999],
  ['a wrong magic', 0, 7],
  ['another grain size', 16, 128],
  ['another number of tables', 24, 77],
])('refuses %s', async (_, at, value) => {
  const { file } = await newLog(new MemoryDisk(Buffer.alloc(SIZE)));
  const sector = Buffer.alloc(512);
  const start = Math.floor(at / 512) * 512;
  file.readNow(sector, 0, 512, start);
  sector.writeUInt32LE(value, at - start);
  file.writeNow(sector, 0, 512, start);
  const opening = openLog(file, new MemoryDisk(Buffer.alloc(SIZE)));
  await expect(opening).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
});

test('a table that names sectors never written fails its I/O', async () => {
  const parent = new MemoryDisk(Buffer.alloc(SIZE));
  const { log, file } = await newLog(parent);
  expect(await writeBacking(log, 0, Buffer.alloc(512, 1))).toBe(0);
  expect(await log.flush()).toBe(0);
  const header = newCowdHeader(SECTORS);
  const table = Buffer.alloc(512);
  const tableAt = Math.ceil(header.freeSector / 8) * 8 * 512;
  file.readNow(table, 0, 512, tableAt);
  expect(table.readUInt32LE(0)).toBeGreaterThan(0);
  table.writeUInt32LE(0x00ff_ffff, 4);
  file.writeNow(table, 0, 512, tableAt);
  const again = await openLog(file, parent);
  expect(await readBacking(again, 512, Buffer.alloc(512))).toBe(5);
  expect(await readBacking(again, 4096 * 512, Buffer.alloc(512))).toBe(0);
});

test('refuses circles, changed parents, other sizes, parents outside', async () => {
  const base = await makeBase(Buffer.alloc(SIZE));
  const child = await snapshot(base);
  const text = await readFile(child, 'utf8');
  const refused = async (changed: string, fault = 'InvalidDiskFormat'): Promise<void> => {
    await writeFile(child, changed);
    await expect(open(child)).rejects.toMatchObject({ fault });
  };
  await refused(text.replace('web01.vmdk', 'web01-000001.vmdk'));
  await refused(text.replace(/parentCID=.*/, 'parentCID=00000001'));
  await refused(text.replace('"web01.vmdk"', '"../../../etc/web01.vmdk"'));
  await refused(text.replace('"web01.vmdk"', '"none.vmdk"'), 'FileNotFound');
  await refused(text.replace(`RW ${SECTORS} `, `RW ${SECTORS - 1} `));
  await writeFile(child, text);
  const { layers, top } = await openChain({ descriptorPath: child, clock: systemClock, files });
  expect(layers.map(({ descriptorPath }) => descriptorPath)).toEqual([child, base]);
  await top.close();
});

test('a parent may be on another datastore, which its marker makes of a directory', async () => {
  const base = await makeBase(Buffer.alloc(SIZE, 0x21));
  const other = await mkdtemp(join(tmpdir(), 'sluice-other-'));
  try {
    await mkdir(join(other, 'clone'));
    const clone = join(other, 'clone', 'clone.vmdk');
    const request = { parentDescriptorPath: base, childDescriptorPath: clone, files };
    await createRedoLog({ ...request, random: systemRandom });
    await expect(open(clone)).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
    await writeFile(join(directory, '.datastore.json'), '{}');
    const elsewhere = { descriptorPath: clone, clock: systemClock, files, roots: [other] };
    await expect(openBacking(elsewhere)).rejects.toMatchObject({ fault: 'InvalidDiskFormat' });
    const again = await open(clone);
    expect((await contentsOf(again)).equals(Buffer.alloc(SIZE, 0x21))).toBe(true);
    await again.close();
  } finally {
    await rm(other, { recursive: true });
  }
});

test('a linked clone names its parent in the directory beside, or with the whole path', () => {
  expect(hintFor('/ds/web01/web01.vmdk', '/ds/web01/web01-000001.vmdk')).toBe('web01.vmdk');
  expect(hintFor('/ds/gold/gold.vmdk', '/ds/web01/web01.vmdk')).toBe('../gold/gold.vmdk');
  expect(hintFor('/other/gold/gold.vmdk', '/ds/web01/web01.vmdk')).toBe('/other/gold/gold.vmdk');
});

test('names descriptors as vSphere does', () => {
  expect(nextDescriptorName('/d/web01.vmdk', ['web01.vmdk', 'web01-flat.vmdk'])).toBe(
    'web01-000001.vmdk',
  );
  const taken = ['web01-000002.vmdk', 'web01-000007-delta.vmdk', 'web012-000009.vmdk'];
  expect(nextDescriptorName('/d/web01-000002.vmdk', taken)).toBe('web01-000008.vmdk');
});
