// Tests of the virtual disk over real files: data over several extents, zeroes and holes, and lying
// descriptors.
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import {
  ChainIo,
  FLUSH,
  type IoCarrier,
  type OperationCode,
  PENDING,
  READ,
  TRIM,
  WRITE,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';
import { TransferPace } from './files/transfer-pace.ts';
import { FlatDisk } from './flat-disk.ts';

class TestIo extends ChainIo {
  finished(): void {
    throw new Error('only a chain finishes');
  }
}

let directory: string;
let descriptorPath: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  descriptorPath = join(directory, 'd.vmdk');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Writes a descriptor with these extent lines. */
async function describeDisk(lines: string[], createType = 'monolithicFlat'): Promise<void> {
  const text = ['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff'];
  text.push(`createType="${createType}"`, ...lines, '#DDB', 'ddb.adapterType = "lsilogic"', '');
  await writeFile(descriptorPath, text.join('\n'));
}

async function makeFile(name: string, bytes: number): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, '');
  await truncate(path, bytes);
  return path;
}

async function openDisk(bytes: number): Promise<{ disk: FlatDisk; path: string }> {
  const path = await makeFile('d-flat.vmdk', bytes);
  await describeDisk([`RW ${bytes / 512} FLAT "d-flat.vmdk" 0`]);
  return { disk: await FlatDisk.open(descriptorPath, systemClock), path };
}

interface Request {
  code: OperationCode;
  offset?: number;
  length?: number;
  data?: Buffer;
  fua?: boolean;
  noHole?: boolean;
  fastZero?: boolean;
}

/** Does an I/O, whether the disk answers now or later. */
function run(disk: FlatDisk, request: Request): Promise<{ error: number; data: Buffer }> {
  return new Promise((resolve) => {
    const io = new TestIo();
    const { data, ...rest } = request;
    Object.assign(io, rest, { length: data?.length ?? request.length ?? 0 });
    io.buffer = data ?? Buffer.alloc(io.length);
    const done = (error: number): void => resolve({ error, data: io.buffer });
    const carrier: IoCarrier = {
      deferralOf: () => {
        throw new Error('the disk defers nothing');
      },
      diskDone: (_, error) => done(error),
    };
    io.carrier = carrier;
    const answer = disk.submit(io);
    if (answer !== PENDING) done(answer);
  });
}

test('any sequence of writes over several extents reads back, small or large', async () => {
  await makeFile('a.vmdk', 300 * KIB);
  await makeFile('b.vmdk', MIB);
  await describeDisk([
    'RW 256 FLAT "a.vmdk" 100',
    'RW 512 FLAT "b.vmdk" 0',
    'RW 1000 FLAT "b.vmdk" 1000',
  ]);
  const disk = await FlatDisk.open(descriptorPath, systemClock);
  const size = 1768 * 512;
  expect(disk.sizeBytes).toBe(size);
  const model = Buffer.alloc(size);
  const step = fc.record({
    write: fc.boolean(),
    sector: fc.nat(1767),
    sectors: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 1768 })),
    fill: fc.nat(255),
    fua: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      for (const { write, sector, sectors, fill, fua } of steps) {
        const offset = sector * 512;
        const length = Math.min(sectors * 512, size - offset);
        if (write) {
          const data = Buffer.alloc(length, fill);
          expect((await run(disk, { code: WRITE, offset, data, fua })).error).toBe(0);
          model.fill(fill, offset, offset + length);
        }
        const read = await run(disk, { code: READ, offset, length });
        expect(read.error).toBe(0);
        expect(read.data.equals(model.subarray(offset, offset + length))).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
  const untouched = await readFile(join(directory, 'a.vmdk'));
  expect(untouched.subarray(0, 100 * 512).every((byte) => byte === 0)).toBe(true);
  disk.close();
});

test.each([
  [4 * KIB, {}],
  [200 * KIB, {}],
  [2 * MIB, {}],
  [2 * MIB, { noHole: true }],
  [2 * MIB, { fua: true }],
])('writes zeroes over %i bytes (%o)', async (length, more) => {
  const { disk, path } = await openDisk(8 * MIB);
  await run(disk, { code: WRITE, data: Buffer.alloc(8 * MIB, 0xee) });
  const zeroed = await run(disk, { code: WRITE_ZEROES, offset: MIB, length, ...more });
  expect(zeroed.error).toBe(0);
  const bytes = await readFile(path);
  expect(bytes.subarray(MIB, MIB + length).every((byte) => byte === 0)).toBe(true);
  expect(bytes[MIB - 1]).toBe(0xee);
  expect(bytes[MIB + length]).toBe(0xee);
  disk.close();
});

test('fast zeroes are refused where they would be slow', async () => {
  const { disk } = await openDisk(8 * MIB);
  const request = { code: WRITE_ZEROES, fastZero: true } as const;
  expect((await run(disk, { ...request, length: 4096 })).error).toBe(NBD_ERRORS.ENOTSUP);
  expect((await run(disk, { ...request, length: 2 * MIB, noHole: true })).error).toBe(
    NBD_ERRORS.ENOTSUP,
  );
  disk.close();
});

test('a trim of a large range never changes what stands around it', async () => {
  const { disk, path } = await openDisk(8 * MIB);
  await run(disk, { code: WRITE, data: Buffer.alloc(8 * MIB, 0xee) });
  await run(disk, { code: FLUSH });
  const before = (await stat(path)).blocks;
  expect((await run(disk, { code: TRIM, offset: 2 * MIB, length: 4 * MIB })).error).toBe(0);
  const bytes = await readFile(path);
  expect(bytes[2 * MIB - 1]).toBe(0xee);
  expect(bytes[6 * MIB]).toBe(0xee);
  expect((await stat(path)).blocks).toBeLessThanOrEqual(before);
  disk.close();
});

test('block status is truthful: what it calls zero reads as zeroes', async () => {
  const { disk } = await openDisk(4 * MIB);
  expect(await disk.blockStatus(0, 4 * MIB)).toEqual([{ length: 4 * MIB, flags: 3 }]);
  await run(disk, { code: WRITE, offset: MIB, data: Buffer.alloc(64 * KIB, 1) });
  expect(await disk.blockStatus(0, 4 * MIB)).toEqual([
    { length: MIB, flags: 2 },
    { length: 64 * KIB, flags: 0 },
    { length: 3 * MIB - 64 * KIB, flags: 2 },
  ]);
  expect(await disk.blockStatus(MIB + 512, 512)).toEqual([{ length: 512, flags: 0 }]);
  disk.close();
});

test('an extent that shrinks under us is EIO, not a crash', async () => {
  const { disk, path } = await openDisk(4 * MIB);
  await truncate(path, MIB);
  expect((await run(disk, { code: READ, offset: 2 * MIB, length: 512 })).error).toBe(5);
  expect((await run(disk, { code: READ, offset: MIB / 2, length: MIB })).error).toBe(5);
  disk.close();
});

test.each([
  ['an extent smaller than it says', ['RW 4096 FLAT "short.vmdk" 0'], 'InvalidDiskFormat'],
  ['an offset beyond the file', ['RW 1 FLAT "short.vmdk" 9999'], 'InvalidDiskFormat'],
  ['a path out of the directory', ['RW 1 FLAT "../short.vmdk" 0'], 'InvalidDiskFormat'],
  ['a link', ['RW 1 FLAT "link.vmdk" 0'], 'InvalidDiskFormat'],
  ['a directory', ['RW 1 FLAT "sub" 0'], 'InvalidDiskFormat'],
  ['a missing file', ['RW 1 FLAT "none.vmdk" 0'], 'FileNotFound'],
  ['an extent that may not be written', ['RDONLY 1 FLAT "short.vmdk" 0'], 'InvalidDiskFormat'],
  ['a negative size', ['RW -1 FLAT "short.vmdk" 0'], 'InvalidDiskFormat'],
  ['more than 62 TiB', ['RW 999999999999 FLAT "short.vmdk" 0'], 'InvalidDiskFormat'],
])('refuses %s', async (_, lines, fault) => {
  const path = await makeFile('short.vmdk', MIB);
  await symlink(path, join(directory, 'link.vmdk'));
  await mkdir(join(directory, 'sub'));
  await describeDisk(lines);
  await expect(FlatDisk.open(descriptorPath, systemClock)).rejects.toMatchObject({ fault });
});

test('one slow read sends the next ones to other threads, for a while', () => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const pace = new TransferPace(clock);
  expect(pace.isSlow()).toBe(false);
  pace.time(() => {
    now += 3;
    return 0;
  });
  const cold = Array.from({ length: 100 }, () => pace.isSlow());
  expect(cold.filter((each) => each)).toHaveLength(64);
  expect(pace.isSlow()).toBe(false);
});
