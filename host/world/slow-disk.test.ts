// A disk whose storage does not answer delays no other VM, nor another disk of its own VM: real
// processes, with a raw device, or a file system (FUSE), whose server is stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { TestClient } from '../nbd/test-client.ts';
import { createMapping } from '../rdm/create-mapping.ts';
import { LOOPBACK_ONLY } from '../rdm/device-policy.ts';
import { BusyNeighbour } from './busy-neighbour.ts';
import { findTool, haveTools, runTool } from './test-peers.ts';
import { type RunningWorld, WorldHarness } from './world-harness.ts';

/** More than the threads that a process has for its files. */
const HANGING = 64;
const IOS = 200;

let harness: WorldHarness;
let neighbour: BusyNeighbour;
let storage: RunningWorld;

beforeEach(async () => {
  harness = await WorldHarness.create();
  neighbour = await BusyNeighbour.start(harness, 9);
  storage = await harness.start(await harness.makeLaunch([await harness.makeDisk(8)]));
});

afterEach(async () => {
  process.kill(storage.status.pid, 'SIGCONT');
  await neighbour.stop();
  await harness.dispose();
});

async function connect(world: RunningWorld, disk: number): Promise<TestClient> {
  const exportName = `scsi0:${disk}`;
  return TestClient.connect({ path: world.launch.nbdSocketPath }, { exportName });
}

test('a stopped storage server holds up its own disk alone', async () => {
  const disks = [await harness.makeDisk(0), await harness.makeDisk(1)];
  const [raw] = disks;
  await createMapping(
    {
      descriptorPath: raw?.descriptorPath ?? '',
      device: `nbd://127.0.0.1:${storage.status.nbdPort}/scsi0:0`,
      random: systemRandom,
    },
    { policy: LOOPBACK_ONLY, clock: systemClock, onState: () => undefined },
  );
  const world = await harness.start(await harness.makeLaunch(disks));
  await expectAlone(world, storage.status.pid);
}, 60_000);

const fuse = existsSync('/dev/fuse') && haveTools('nbdfuse', 'fusermount3');
test.skipIf(!fuse)(
  'a stopped file system holds up its own disk alone',
  async () => {
    const disks = [await harness.makeDisk(0), await harness.makeDisk(1)];
    const extent = disks[0]?.flatPath ?? '';
    const server = await mountOver(extent, storage.uri());
    try {
      const world = await harness.start(await harness.makeLaunch(disks));
      await expectAlone(world, server.pid ?? 0);
      await world.client.stop();
    } finally {
      await runTool('fusermount3', ['-u', extent]);
      server.kill();
    }
  },
  60_000,
);

/** The bytes of a disk come from a file system of their own, which is a process. */
async function mountOver(path: string, uri: string): Promise<ChildProcess> {
  const server = spawn(findTool('nbdfuse') ?? '', [path, uri], { stdio: 'ignore' });
  while (!(await readFile('/proc/mounts', 'utf8')).includes(` ${path} `)) await pause(25);
  return server;
}

/** The first disk hangs while its server is stopped; the second one and the neighbour do not. */
async function expectAlone(world: RunningWorld, serverPid: number): Promise<void> {
  const [stuck, well] = [await connect(world, 0), await connect(world, 1)];
  const data = Buffer.alloc(4096, 7);
  expect((await stuck.request({ command: COMMANDS.write, data })).error).toBe(0);

  process.kill(serverPid, 'SIGSTOP');
  let answered = 0;
  const waiting = Array.from({ length: HANGING }, (_, block) =>
    stuck.request({ command: COMMANDS.write, offset: block * 4096, data }).then(({ error }) => {
      answered += 1;
      return error;
    }),
  );
  for (let io = 0; io < IOS; io++) {
    const offset = (io % 64) * 4096;
    expect((await well.request({ command: COMMANDS.write, offset, data })).error).toBe(0);
    const read = await well.request({ command: COMMANDS.read, offset, length: 4096 });
    expect(read.data).toEqual(data);
  }
  expect((await well.request({ command: COMMANDS.flush })).error).toBe(0);
  await neighbour.progress(IOS);
  expect(answered).toBe(0);
  expect(await world.client.status()).toMatchObject({ state: 'running' });

  process.kill(serverPid, 'SIGCONT');
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([0]));
}
