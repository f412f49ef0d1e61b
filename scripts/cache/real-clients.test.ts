// Every filter that ships, alone and with the others on one disk, under real clients: fio verifies
// what it wrote, and a file system that was made through nbdfuse passes its checker when the disk
// has been closed and opened again.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LaunchFilter } from '#host/world/launch.ts';
import { findTool, haveTools, mustRun, runTool } from '#host/world/test-peers.ts';
import { type RunningWorld, WorldHarness } from '#host/world/world-harness.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { COMPANIES } from './company.ts';
import { type Company, giveKeys, onOneHost, shippedFilter } from './kill-loop.ts';

// Real processes on a busy machine: the limits only end what hangs.
const PATIENT = { timeout: 300_000 };
const PATIENCE = { timeoutMs: 240_000 };
const DISK_BYTES = 32 * MIB;
const BACK = { mode: 'writeBack', sizeMib: 8, logMib: 8, streamMib: 1 };
const ALONE: Record<string, FilterPropertyValues> = {
  ...{ trace: {}, entropy: {}, 'zero-detect': {}, error: {} },
  ...{ delay: { writeMs: 1 }, qos: { iopsLimit: 20_000 }, cache: BACK },
};

let harness: WorldHarness;
let company: Company;
let cache: LaunchFilter;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-clients-'));
  harness = await WorldHarness.create();
  company = await COMPANIES.sealed(harness);
  onOneHost(harness);
  giveKeys(harness, company.keys);
  cache = { ...(await shippedFilter(harness, 'cache')), properties: BACK };
}, PATIENT.timeout);
afterEach(async () => {
  await company.stop();
  await harness.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** One world with a disk for each of these chains. */
async function worldOf(chains: readonly LaunchFilter[][]): Promise<() => Promise<RunningWorld>> {
  const disks = await Promise.all(chains.map((_, index) => harness.makeDisk(index, DISK_BYTES)));
  const launch = await harness.makeLaunch(disks);
  const filtered = launch.disks.map((disk, index) => ({ ...disk, filters: chains[index] ?? [] }));
  return () => harness.start({ ...launch, disks: filtered });
}

/** A disk of its own for each filter. */
async function aloneEach(): Promise<LaunchFilter[][]> {
  const all = Object.entries(ALONE).map(async ([name, properties]) => {
    return [{ ...(await shippedFilter(harness, name)), properties }];
  });
  const keyed = company.around(cache, 0).filter((filter) => 'keyId' in filter.properties);
  const named = keyed.map((filter) => [
    { ...filter, properties: { ...filter.properties, disk: filter.name } },
  ]);
  return [...named, ...(await Promise.all(all))];
}

test.skipIf(!haveTools('fio'))('fio reads what it wrote', PATIENT, async () => {
  const alone = await aloneEach();
  const names = alone.map(([filter]) => filter?.name ?? '');
  expect(names.sort()).toEqual(
    [...Object.keys(ALONE), 'encryption', 'replication'].sort((a, b) => a.localeCompare(b)),
  );
  const chains = [...alone, company.around(cache, 0)];
  const world = await (await worldOf(chains))();
  for (const index of chains.keys()) {
    const range = ['--rw=randrw', '--bsrange=512-256k', '--size=12m', '--iodepth=16'];
    const verify = ['--verify=crc32c', '--verify_fatal=1', '--fsync=64'];
    const args = ['--name=v', '--ioengine=nbd', `--uri=${world.uri(index)}`, ...range, ...verify];
    await mustRun('fio', args, { cwd: folder, ...PATIENCE });
  }
  const { filterFaults } = await world.client.status();
  expect(filterFaults).toEqual([]);
  await world.client.stop();
});

const fuse =
  existsSync('/dev/fuse') && haveTools('nbdfuse', 'mkfs.ext4', 'fsck.ext4', 'fusermount3');
test.skipIf(!fuse)('a file system is whole when the disk was closed', PATIENT, async () => {
  const start = await worldOf([company.around(cache, 0)]);
  const files = join(folder, 'files');
  await mkdir(files);
  await writeFile(join(files, 'noise'), systemRandom.bytes(10 * MIB));
  const first = await start();
  await mounted(first, async (file) => {
    await mustRun('mkfs.ext4', ['-q', '-F', '-d', files, file], PATIENCE);
    await mustRun('fsck.ext4', ['-n', '-f', file], PATIENCE);
  });
  await first.client.stop();
  await new Promise((resolve) => first.child.once('exit', resolve));
  const second = await start();
  await mounted(second, async (file) => {
    await mustRun('fsck.ext4', ['-n', '-f', file], PATIENCE);
  });
  await second.client.stop();
});

/** The disk as a file. */
async function mounted(world: RunningWorld, use: (file: string) => Promise<void>): Promise<void> {
  const mountPoint = await mkdtemp(join(folder, 'mnt-'));
  const file = join(mountPoint, 'disk');
  const child = spawn(findTool('nbdfuse') ?? '', [file, world.uri()], { stdio: 'ignore' });
  try {
    for (let tries = 0; !existsSync(file) && tries < 600; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await use(file);
  } finally {
    await runTool('fusermount3', ['-u', mountPoint]);
    child.kill();
  }
}
