// Test of the qos daemon as a process: worlds share the limit of their policy, on one host and over
// two, and keep their parts when a daemon is killed. What a disk's part is says the filter itself.
import { afterEach, beforeEach, test } from 'vitest';
import { type RunningWorld, WorldHarness } from '#host/world/world-harness.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { QosHost } from './qos-host.ts';

const PROPERTIES = { scope: 'policy', policy: 'policy-1', iopsLimit: 1200 };

/** That both hosts share. */
const KEY = Buffer.alloc(32, 3).toString('base64');

let harness: WorldHarness;
const hosts: QosHost[] = [];

beforeEach(async () => {
  harness = await WorldHarness.create();
});

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  await harness.dispose();
});

async function startHost(name: string): Promise<QosHost> {
  const host = await QosHost.start(harness, name);
  hosts.push(host);
  return host;
}

async function startWorld(host: QosHost, index: number): Promise<RunningWorld> {
  const disk = await harness.makeDisk(index);
  return harness.start(await harness.makeLaunch([disk], [host.filter(PROPERTIES)]));
}

async function limitOf({ client }: RunningWorld): Promise<number> {
  const [disk] = (await client.sample()).disks;
  return disk?.filters[0]?.statistics.limit ?? 0;
}

/** The test's own limit ends what never is. */
async function untilLimit(world: RunningWorld, wanted: number): Promise<void> {
  while (Math.abs((await limitOf(world)) / wanted - 1) > 0.005) await sleep(systemClock, 100);
}

test('worlds share their policy’s limit over hosts, also after kill -9 of a daemon', async () => {
  const [here, there] = [await startHost('esx01'), await startHost('esx02')];
  const first = await startWorld(here, 0);
  await untilLimit(first, 1200);
  const second = await startWorld(here, 1);
  await untilLimit(first, 600);
  await untilLimit(second, 600);
  const third = await startWorld(there, 2);
  await untilLimit(third, 1200);
  const peer = (host: QosHost, hostId: string) => ({
    qos: host.daemons.waitingAt().map((at) => ({ ...at, hostId, key: KEY })),
  });
  here.daemons.setPeers(peer(there, 'esx02'));
  there.daemons.setPeers(peer(here, 'esx01'));
  for (const world of [first, second, third]) await untilLimit(world, 400);
  const { pid } = there;
  process.kill(pid, 'SIGKILL');
  while (there.pid === pid || there.daemons.waitingAt().length === 0) {
    await sleep(systemClock, 100);
  }
  here.daemons.setPeers(peer(there, 'esx02'));
  for (const world of [first, second, third]) await untilLimit(world, 400);
  await first.client.stop();
  await untilLimit(second, 600);
  await untilLimit(third, 600);
}, 120_000);
