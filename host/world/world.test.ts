// A real world process: what it refuses to open, how it rebuilds chains, what a kill leaves, and
// its numbers.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { MIB } from '#lib/model/limits.ts';
import { TestClient } from '../nbd/test-client.ts';
import { type HarnessDisk, type RunningWorld, WorldHarness } from './world-harness.ts';

let harness: WorldHarness;
let disk: HarnessDisk;

beforeEach(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0);
});

afterEach(async () => {
  await harness.dispose();
});

function filterSource(body: string): string {
  return `export default { kind: 'partial', safeBecause: 'a test', name: 'f', class: 'inspection',
    apiVersion: 1, summary: '', statistics: [],
    properties: [{ name: 'level', label: 'Level', help: '', type: 'integer', default: 1 }],
    open(context) { ${body} } };`;
}

async function startWith(body: string): Promise<RunningWorld> {
  const filter = await harness.makeFilter('f', filterSource(body));
  return harness.start(await harness.makeLaunch([disk], [filter]));
}

async function connect(world: RunningWorld): Promise<TestClient> {
  return TestClient.connect({ path: world.launch.nbdSocketPath });
}

test('a descriptor that names a filter which is not supplied is not opened', async () => {
  const text = await readFile(disk.descriptorPath, 'utf8');
  await writeFile(disk.descriptorPath, `${text}ddb.iofilters = "vault"\n`);
  await expect(harness.start(await harness.makeLaunch([disk]))).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringMatching(/disk0\.vmdk.*vault/),
  });
});

test('a disk in use by another world is not opened', async () => {
  const world = await harness.start(await harness.makeLaunch([disk]));
  await expect(harness.start(await harness.makeLaunch([disk]))).rejects.toMatchObject({
    fault: 'FileLocked',
  });
  await world.client.stop();
});

test('a filter that throws fails that I/O alone and is reported', async () => {
  const world = await startWith(
    'return { write(io) { if (io.offset === 512) throw new Error("no"); } };',
  );
  const client = await connect(world);
  const data = Buffer.alloc(512);
  expect((await client.request({ command: COMMANDS.write, offset: 512, data })).error).toBe(5);
  expect((await client.request({ command: COMMANDS.write, offset: 0, data })).error).toBe(0);
  const { filterFaults } = await world.client.status();
  expect(filterFaults).toMatchObject([{ filter: 'f', operation: 'write', diskKey: disk.key }]);
});

test('a rebuilt chain keeps a filter that stays, and a refused one changes nothing', async () => {
  const body = `let level = context.properties.level;
    return { setProperties(values) {
        if (values.level > 9) throw new Error('too high');
        level = values.level;
      },
      read(io) {}, completed(io) { if (io.operation === 'read') io.data.fill(level); } };`;
  const world = await startWith(body);
  const client = await connect(world);
  const [filter] = world.launch.disks[0]?.filters ?? [];
  if (!filter) throw new Error('the launch has a filter');
  const level = async (): Promise<number | undefined> =>
    (await client.request({ command: COMMANDS.read, length: 512 })).data[0];
  expect(await level()).toBe(1);
  await world.client.setDiskFilters(disk.key, [{ ...filter, properties: { level: 4 } }]);
  expect(await level()).toBe(4);
  const refused = world.client.setDiskFilters(disk.key, [{ ...filter, properties: { level: 10 } }]);
  await expect(refused).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const forged = { ...filter, entrySha256: 'f'.repeat(64) };
  await expect(world.client.setDiskFilters(disk.key, [forged])).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
  });
  expect(await level()).toBe(4);
  expect(await readFile(disk.descriptorPath, 'utf8')).toContain('ddb.iofilters = "f"');
  await world.client.setDiskFilters(disk.key, []);
  expect(await level()).toBe(0);
  expect(await readFile(disk.descriptorPath, 'utf8')).not.toContain('iofilters');
});

test('samples and traces tell what was done', async () => {
  const world = await startWith('return { read(io) {}, write(io) {} };');
  const client = await connect(world);
  await world.client.sample();
  await world.client.ioTrace({ diskKey: disk.key, afterSequence: 0, limit: 1 });
  for (let count = 0; count < 50; count++) {
    await client.request({ command: COMMANDS.read, offset: count * 4096, length: 4096 });
  }
  const { entries } = await world.client.ioTrace({
    diskKey: disk.key,
    afterSequence: 0,
    limit: 500,
  });
  expect(entries).toHaveLength(50);
  expect(entries[49]).toMatchObject({ operation: 'read', offsetBytes: 49 * 4096, error: null });
  const crossed = entries[0]?.crossings.map(({ filter, direction }) => `${filter} ${direction}`);
  expect(crossed).toEqual(['f in', 'disk in']);
  const sample = await world.client.sample();
  const [numbers] = sample.disks;
  const ios = ((numbers?.read.iops ?? 0) * sample.intervalMs) / 1000;
  expect(Math.round(ios)).toBe(50);
  expect(numbers?.latency?.p99Us).toBeGreaterThan(0);
  // They were outstanding one after the other, for as long as each took.
  const { latency, inFlight } = numbers ?? {};
  expect(inFlight).toBeCloseTo((50 * (latency?.meanUs ?? 0)) / (sample.intervalMs * 1000), 6);
  expect(numbers?.filters[0]).toMatchObject({ name: 'f' });
  expect(sample.residentBytes).toBeGreaterThan(MIB);
});

test('after a kill -9 all that was flushed or forced is there, and the disk opens', async () => {
  const world = await harness.start(await harness.makeLaunch([disk]));
  const client = await connect(world);
  const promised = new Map<number, number>();
  const lost: Promise<unknown>[] = [];
  const write = async (block: number, round: number): Promise<void> => {
    const data = Buffer.alloc(4096, round);
    const flags = block % 2 === 0 ? COMMAND_FLAGS.fua : 0;
    await client.request({ command: COMMANDS.write, offset: block * 4096, data, flags });
    if (block % 2 === 1) await client.request({ command: COMMANDS.flush });
    promised.set(block, round);
  };
  for (let block = 0; block < 32; block++) {
    const worker = async (): Promise<void> => {
      for (let round = 1; round < 250; round++) await write(block, round);
    };
    lost.push(worker().catch(() => 'the world was killed'));
  }
  while (promised.size < 32) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(world.status.pid, 'SIGKILL');
  await Promise.all(lost);
  const again = await harness.start(await harness.makeLaunch([disk]));
  const reader = await connect(again);
  for (const [block, round] of promised) {
    const { data } = await reader.request({ command: 0, offset: block * 4096, length: 4096 });
    // A later write, not yet acknowledged, may have come through; an older one must not have come
    // back.
    expect(data[0] ?? 0).toBeGreaterThanOrEqual(round);
    expect(data.every((byte) => byte === data[0])).toBe(true);
  }
}, 60_000);

test('a stopped world has flushed its disks and left its locks', async () => {
  const world = await harness.start(await harness.makeLaunch([disk]));
  const client = await connect(world);
  const data = Buffer.alloc(MIB, 0x77);
  expect((await client.request({ command: COMMANDS.write, offset: MIB, data })).error).toBe(0);
  const ended = new Promise((resolve) => world.child.once('exit', resolve));
  await world.client.stop();
  expect(await ended).toBe(0);
  expect((await readFile(disk.flatPath)).subarray(MIB, 2 * MIB).equals(data)).toBe(true);
  const next = await harness.start(await harness.makeLaunch([disk]));
  expect(next.status.state).toBe('running');
});

test('a world that lost its lock fails all I/O and ends', async () => {
  const world = await harness.start(await harness.makeLaunch([disk]));
  const client = await connect(world);
  const ended = new Promise((resolve) => world.child.once('exit', resolve));
  await rm(`${disk.descriptorPath}.lck`, { recursive: true });
  const data = Buffer.alloc(512);
  let error = 0;
  while (error === 0) error = (await client.request({ command: COMMANDS.write, data })).error;
  expect(error).toBe(NBD_ERRORS.ESHUTDOWN);
  expect(await world.client.status()).toMatchObject({ state: 'faulted' });
  expect(await ended).toBe(1);
});
