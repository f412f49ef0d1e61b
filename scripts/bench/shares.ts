// What shares and reservations do to real worlds on a storage that all of them share and that is
// slower than they want: one nbdkit whose rate filter limits all connections together, to which the
// disks are raw device mappings. Three fio at once; ratios of their IOPS.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { createMapping } from '#host/rdm/create-mapping.ts';
import { findTool, haveTools } from '#host/world/test-peers.ts';
import { type RunningWorld, WorldHarness } from '#host/world/world-harness.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { MIB } from '#lib/model/limits.ts';
import { type FioCase, runFio } from './fio.ts';
import { QosHost } from './qos-host.ts';
import { makeRealtime } from './servers.ts';

/** Of the storage, in bits a second: 1000 I/Os of 4 KiB. */
const RATE = 1000 * 4096 * 8;
const DISK_BYTES = 256 * MIB;
const FIRST_KEY = 2000;
/** Before and after what is counted. */
const SETTLE_SECONDS = 5;

interface Setting {
  title: string;
  disks: FilterPropertyValues[];
  queueDepth: number;
}

const SETTINGS: readonly Setting[] = [
  ...[4, 16].map((queueDepth) => ({
    title: `shares 500 : 1000 : 2000, depth ${queueDepth}`,
    disks: [{ shares: 'low' }, { shares: 'normal' }, { shares: 'high' }],
    queueDepth,
  })),
  {
    title: 'the first has 500 IOPS reserved and low shares, depth 16',
    disks: [{ shares: 'low', reservation: 500 }, { shares: 'high' }, { shares: 'high' }],
    queueDepth: 16,
  },
  {
    title: 'one limit of 600 IOPS for all three, depth 16',
    disks: Array.from({ length: 3 }, () => ({
      ...{ scope: 'policy', policy: 'policy-1', iopsLimit: 600, burstSeconds: 0 },
    })),
    queueDepth: 16,
  },
];

interface SharesOptions {
  seconds: number;
  /** Servers and fio under SCHED_RR, for a machine that is not idle. */
  realtime: boolean;
  print(line: string): void;
}

export async function benchShares({ seconds, realtime, print }: SharesOptions): Promise<void> {
  if (!haveTools('fio', 'nbdkit')) return;
  const harness = await WorldHarness.create();
  const host = await QosHost.start(harness, 'esx01');
  const port = await freePort();
  const storage = await startStorage(port);
  print('\nqos: worlds of one host on a storage of 1000 I/Os of 4 KiB a second');
  try {
    const worlds: RunningWorld[] = [];
    for (let index = 0; index < 3; index++) {
      worlds.push(await startWorld(harness, host, { index, port }));
    }
    const pids = [host.pid, storage.pid ?? 0, ...worlds.map(({ status }) => status.pid)];
    if (realtime) for (const pid of pids) await makeRealtime(pid);
    for (const setting of SETTINGS) {
      for (const [index, world] of worlds.entries()) {
        const filter = host.filter(setting.disks[index] ?? {});
        await world.client.setDiskFilters(FIRST_KEY + index, [filter]);
      }
      await measure(setting, { worlds, seconds, realtime, harness, print });
    }
  } finally {
    await host.stop();
    await harness.dispose();
    storage.kill();
  }
}

async function startWorld(
  harness: WorldHarness,
  host: QosHost,
  { index, port }: { index: number; port: number },
): Promise<RunningWorld> {
  const descriptorPath = path.join(harness.directory, `shared${index}.vmdk`);
  const device = `nbd://127.0.0.1:${port}/`;
  const policy = { allow: [device] };
  const parts = { policy, clock: systemClock, onState: () => undefined };
  await createMapping({ descriptorPath, device, random: systemRandom }, parts);
  const disk = { key: FIRST_KEY + index, descriptorPath, flatPath: '' };
  return harness.start(await harness.makeLaunch([disk], [host.filter({})]));
}

interface Measurement {
  worlds: readonly RunningWorld[];
  seconds: number;
  realtime: boolean;
  harness: WorldHarness;
  print(line: string): void;
}

/** Counted by the filters, while all three fio run: they do not begin and end together. */
async function measure(
  { title, queueDepth }: Setting,
  { worlds, seconds, realtime, harness, print }: Measurement,
): Promise<void> {
  const pattern: FioCase = { label: title, rw: 'randread', blockBytes: 4096, queueDepth };
  const running = worlds.map((world) =>
    runFio(pattern, {
      ...{ uri: world.uri(), directory: harness.directory, sizeBytes: DISK_BYTES },
      ...{ seconds: seconds + 2 * SETTLE_SECONDS, realtime },
    }),
  );
  await sleep(systemClock, SETTLE_SECONDS * 1_000);
  const before = await Promise.all(worlds.map(countOf));
  await sleep(systemClock, seconds * 1_000);
  const after = await Promise.all(worlds.map(countOf));
  await Promise.all(running);
  const rates = after.map((end, index) => rateOf(before[index] ?? end, end));
  const [first = 1] = rates;
  const ratios = rates.map((rate) => (rate / first).toFixed(2)).join(' : ');
  const all = rates.reduce((total, rate) => total + rate, 0);
  print(`  ${title}`);
  print(`    ${rates.join(' + ')} = ${all} IOPS, ${ratios}`);
}

interface Count {
  units: number;
  /** Of when it was asked for: a busy machine takes its time between one world and the next. */
  atMs: number;
}

async function countOf({ client }: RunningWorld): Promise<Count> {
  const begun = systemClock.monotonic();
  const [disk] = (await client.sample()).disks;
  const units = disk?.filters[0]?.statistics.units ?? 0;
  return { units, atMs: (begun + systemClock.monotonic()) / 2 };
}

function rateOf(before: Count, after: Count): number {
  return Math.round(((after.units - before.units) * 1000) / (after.atMs - before.atMs));
}

async function startStorage(port: number): Promise<ChildProcess> {
  const args = ['-f', '-i', '127.0.0.1', '-p', `${port}`, '--filter=rate'];
  const source = ['memory', `${DISK_BYTES}`, `rate=${RATE}`];
  const child = spawn(findTool('nbdkit') ?? 'nbdkit', [...args, ...source], { stdio: 'ignore' });
  await sleep(systemClock, 1_000);
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
