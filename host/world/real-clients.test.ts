// A real world under real clients: nbdinfo, nbdcopy, qemu-io, qemu-img, fio with verification, a
// file system.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import { findTool, haveTools, mustRun, runTool } from './test-peers.ts';
import { type HarnessDisk, type RunningWorld, WorldHarness } from './world-harness.ts';

const PASSING = `export default { kind: 'total', name: 'passing', class: 'cache', apiVersion: 1,
  summary: '', properties: [], statistics: [], open: () => ({ read() {}, write() {}, flush() {},
    trim() {}, writeZeroes() {}, prefetch() {}, completed() {} }) };`;

let harness: WorldHarness;
let disk: HarnessDisk;
let second: HarnessDisk;
let world: RunningWorld;

beforeAll(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0);
  second = await harness.makeDisk(1);
  world = await harness.start(await harness.makeLaunch([disk, second]));
});

afterAll(async () => {
  await world.client.stop();
  await harness.dispose();
});

test.skipIf(!haveTools('nbdinfo'))('nbdinfo lists both disks and maps one', async () => {
  const root = `nbd+unix:///?socket=${world.launch.nbdSocketPath}`;
  const list: { exports: { 'export-name': string }[] } = JSON.parse(
    await mustRun('nbdinfo', ['--list', '--json', root]),
  );
  expect(list.exports.map((each) => each['export-name'])).toEqual(['scsi0:0', 'scsi0:1']);
  const info = await mustRun('nbdinfo', [world.uri()]);
  for (const line of [
    'can_multi_conn: true',
    'can_fast_zero: true',
    'block_size_maximum: 67108864',
  ]) {
    expect(info).toContain(line);
  }
  expect(await mustRun('nbdinfo', ['--map', world.uri(1)])).toMatch(/67108864\s+3\s+hole,zero/);
  const tcp = `nbd://127.0.0.1:${world.status.nbdPort}/scsi0:0`;
  expect(await mustRun('nbdinfo', ['--size', tcp])).toBe(`${64 * MIB}\n`);
});

test.skipIf(!haveTools('nbdcopy'))('nbdcopy copies in and out', async () => {
  const source = join(harness.directory, 'source.raw');
  const bytes = Buffer.concat([
    systemRandom.bytes(9 * MIB),
    Buffer.alloc(46 * MIB),
    systemRandom.bytes(9 * MIB),
  ]);
  await writeFile(source, bytes);
  await mustRun('nbdcopy', [source, world.uri()]);
  expect((await readFile(disk.flatPath)).equals(bytes)).toBe(true);
  const back = join(harness.directory, 'back.raw');
  await mustRun('nbdcopy', [world.uri(), back]);
  expect((await readFile(back)).equals(bytes)).toBe(true);
});

test.skipIf(!haveTools('qemu-io', 'qemu-img'))('qemu-io and qemu-img agree with us', async () => {
  const commands = [
    'write -P 0x5a 0 1M',
    'read -P 0x5a 0 1M',
    'write -z 2M 4M',
    'read -P 0 2M 4M',
    'write -z -u 8M 64k',
    'discard 12M 4M',
    'write -f -P 1 512 1024',
    'read -P 1 512 1024',
    'flush',
  ];
  const args = commands.flatMap((command) => ['-c', command]);
  const said = await mustRun('qemu-io', ['-f', 'raw', ...args, world.uri()]);
  expect(said).not.toMatch(/verification failed|error/i);
  await mustRun('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', disk.flatPath, world.uri()]);
  expect(await mustRun('qemu-img', ['info', '-U', disk.descriptorPath])).toContain('vmdk');
});

test.skipIf(!haveTools('fio'))(
  'fio verifies every block, while the chain is rebuilt under it',
  async () => {
    const passing = await harness.makeFilter('passing', PASSING, { class: 'cache' });
    let running = true;
    const fio = runTool(
      'fio',
      [
        '--name=v',
        '--ioengine=nbd',
        `--uri=${world.uri()}`,
        '--rw=randrw',
        '--bsrange=512-1m',
        '--blockalign=512',
        '--size=64m',
        '--iodepth=16',
        '--verify=crc32c',
        '--verify_fatal=1',
        '--loops=3',
      ],
      { cwd: harness.directory },
    ).finally(() => {
      running = false;
    });
    let rebuilds = 0;
    for (; running; rebuilds++) {
      const filters = rebuilds % 2 === 0 ? [passing] : [];
      const pause = await world.client.setDiskFilters(disk.key, filters);
      expect(pause.pauseMs).toBeGreaterThanOrEqual(0);
    }
    const { code, stderr } = await fio;
    expect(stderr).not.toMatch(/verify|error/i);
    expect(code).toBe(0);
    expect(rebuilds).toBeGreaterThan(0);
    await world.client.setDiskFilters(disk.key, [passing]);
    expect(await readFile(disk.descriptorPath, 'utf8')).toContain('ddb.iofilters = "passing"');
    expect((await world.client.status()).disks[0]?.filters).toMatchObject([{ name: 'passing' }]);
    await world.client.setDiskFilters(disk.key, []);
  },
);

const fuse =
  existsSync('/dev/fuse') && haveTools('nbdfuse', 'mkfs.ext4', 'fsck.ext4', 'fusermount3');
test.skipIf(!fuse)('a file system made and checked through nbdfuse', async () => {
  const mountPoint = join(harness.directory, 'mnt');
  await mkdir(mountPoint);
  const file = join(mountPoint, 'disk');
  const child = spawn(findTool('nbdfuse') ?? '', [file, world.uri(1)], { stdio: 'ignore' });
  try {
    for (let tries = 0; !existsSync(file) && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const files = join(harness.directory, 'files');
    await mkdir(files);
    await writeFile(join(files, 'hello.txt'), 'written through the world\n');
    await mustRun('mkfs.ext4', ['-q', '-F', '-d', files, file]);
    await mustRun('fsck.ext4', ['-n', '-f', file]);
  } finally {
    await runTool('fusermount3', ['-u', mountPoint]);
    child.kill();
  }
  await mustRun('fsck.ext4', ['-n', '-f', second.flatPath]);
  if (!haveTools('debugfs')) return;
  expect(await mustRun('debugfs', ['-R', 'cat hello.txt', second.flatPath])).toBe(
    'written through the world\n',
  );
});
