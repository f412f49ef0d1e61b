// The shipped filters the whole way: built into VIBs, installed into an image, run by a real world
// under real clients. Each of them keeps its promise there.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostImage, openImage } from '#host/image/host-image.ts';
import { TestClient } from '#host/nbd/test-client.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import { type RunningWorld, WorldHarness } from '#host/world/world-harness.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';

const run = promisify(execFile);
const fio = isThere('fio');
if (!fio && process.env.CI) throw new Error('fio is needed in CI');

let directory = '';
let image: HostImage;
let harness: WorldHarness;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-shipped-'));
  const main = path.join(import.meta.dirname, 'main.ts');
  const [pki, out] = [path.join(directory, 'pki'), path.join(directory, 'out')];
  execFileSync(process.execPath, [main, '--pki', pki, '--out', out], { stdio: 'pipe' });
  const rootsJson = readFileSync(path.join(out, 'roots.json'), 'utf8');
  image = await openImage({
    directory: path.join(directory, 'image'),
    trustedRoots: trustedRootsSchema.parse(JSON.parse(rootsJson)),
    clock: systemClock,
  });
  for (const name of ['trace', 'qos', 'cache', 'entropy', 'zero-detect']) {
    const source = path.join(out, `SLU_bootbank_${name}_1.0.0.vib`);
    await image.installVib({ source, product: { version: '8.0.0' } });
  }
  harness = await WorldHarness.create();
});

afterAll(async () => {
  await harness.dispose();
  await rm(directory, { recursive: true, force: true });
});

function launch(name: string, properties: FilterPropertyValues = {}): LaunchFilter {
  const found = image.findFilter(name);
  if (!found) throw new TypeError(`${name} is not installed`);
  const { manifest, entryPath } = found;
  return {
    ...{ name, properties, entryPath },
    class: manifest.class,
    entrySha256: manifest.entrySha256,
  };
}

let disks = 0;

async function start(filters: LaunchFilter[]): Promise<RunningWorld> {
  disks += 1;
  const disk = await harness.makeDisk(disks, 32 * 1024 * 1024);
  return harness.start(await harness.makeLaunch([disk], filters));
}

function fioArgs(world: RunningWorld, more: string[]): string[] {
  return ['--name=t', '--ioengine=nbd', `--uri=${world.uri()}`, '--output-format=json', ...more];
}

/** fio prints a line of its NBD engine before. */
function jsonIn(stdout: string): string {
  return stdout.slice(stdout.indexOf('{'));
}

/** Statistics that a filter reports, after a sample was taken. */
async function statisticsOf(world: RunningWorld, name: string): Promise<Record<string, number>> {
  const [disk] = (await world.client.sample()).disks;
  return disk?.filters.find((filter) => filter.name === name)?.statistics ?? {};
}

describe.skipIf(!fio)('under fio', () => {
  test('all three together give back what was written', async () => {
    const limit = { iopsLimit: 20_000, throughputLimit: 0, burstSeconds: 1 };
    const world = await start([launch('trace'), launch('cache'), launch('qos', limit)]);
    // Blocks of fio lie across those of the cache; it reads some between the writes and all behind
    // them.
    const job = '--rw=randrw --offset=1536 --bs=4k --iodepth=16 --size=8m --randrepeat=0';
    const verify = '--verify=crc32c --verify_fatal=1 --verify_backlog=256';
    await run('fio', fioArgs(world, [...job.split(' '), ...verify.split(' ')]));
    const trace = await statisticsOf(world, 'trace');
    const cache = await statisticsOf(world, 'cache');
    expect(trace.reads).toBeGreaterThan(0);
    expect(trace.writtenBytes).toBeGreaterThan(2 * 1024 * 1024);
    expect(cache.hits).toBeGreaterThan(0);
  }, 60_000);

  test('a limit of 200 IOPS holds', async () => {
    const world = await start([launch('qos', { iopsLimit: 200, burstSeconds: 0 })]);
    const job = '--rw=randread --bs=4k --iodepth=64 --size=16m --time_based --runtime=4';
    const { stdout } = await run('fio', fioArgs(world, job.split(' ')));
    const { jobs } = JSON.parse(jsonIn(stdout));
    // The rate is what is promised, and never more; a busy machine may make it less.
    expect(jobs[0].read.iops).toBeLessThan(230);
    expect((await statisticsOf(world, 'qos')).delayed).toBeGreaterThan(100);
  }, 60_000);

  test('the queue of a low limit goes at once when the chain is rebuilt', async () => {
    const limited = launch('qos', { iopsLimit: 1, burstSeconds: 0 });
    const world = await start([limited]);
    const job = '--rw=randread --bs=4k --iodepth=32 --size=1m --number_ios=40';
    const running = run('fio', fioArgs(world, job.split(' ')));
    for (let waiting = 0; waiting < 20; ) {
      waiting = (await statisticsOf(world, 'qos')).waiting ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heldIos } = await world.client.setDiskFilters(2000 + disks, []);
    expect(heldIos).toBeGreaterThan(0);
    const { stdout } = await running;
    expect(JSON.parse(jsonIn(stdout)).jobs[0].error).toBe(0);
  }, 60_000);
});

test('entropy raises its event while a guest encrypts what it has', async () => {
  const world = await start([launch('entropy', { sampling: 1, thresholdMib: 1 })]);
  const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
  const length = 128 * 1024;
  const words = Buffer.alloc(length, 'orderly words of a guest, in lines\n');
  for (let file = 0; file < 16; file++) {
    const where = { offset: file * length, length };
    await client.request({ command: COMMANDS.write, ...where, data: words });
    await client.request({ command: COMMANDS.read, ...where });
    await client.request({ command: COMMANDS.write, ...where, data: randomBytes(length) });
  }
  client.close();
  const { filterEvents } = await world.client.status();
  expect(filterEvents).toMatchObject([
    { filter: 'entropy', severity: 'warning', message: expect.stringMatching(/look encrypted/) },
  ]);
});

test('zero-detect leaves a thin disk empty that is filled with zeroes', async () => {
  const world = await start([launch('zero-detect')]);
  const client = await TestClient.connect({ path: world.launch.nbdSocketPath });
  for (let at = 0; at < 16; at++) {
    const request = { command: COMMANDS.write, offset: at * 256 * 1024 };
    const { error } = await client.request({ ...request, data: Buffer.alloc(256 * 1024) });
    expect(error).toBe(0);
  }
  await client.request({ command: COMMANDS.flush });
  client.close();
  const { blocks } = statSync(path.join(harness.directory, `disk${disks}-flat.vmdk`));
  expect(blocks).toBe(0);
});

function isThere(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not installed.
    return false;
  }
}
