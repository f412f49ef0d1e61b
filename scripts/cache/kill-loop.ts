// kill -9 of worlds whose cache writes back, at random moments of random I/O, over a drive that
// loses its own cache with the process: what was flushed must be there each time.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import { clientOf, launchFilterOf, WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { MIB } from '#lib/model/limits.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { bundleModule, bundleNamed } from '#scripts/build-vibs/bundle-module.ts';
import { DiskLoad } from '#scripts/certify/lab/disk-load.ts';
import { storageProbe } from '#scripts/certify/lab/storage-probe.ts';
import { Failure, Trial } from '#scripts/certify/lab/trial.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
export const DISK_BYTES = 16 * MIB;
const DEPTH = 16;
/** A kill comes after so many answers at most, or so late. */
const ANSWERS_MAX = 1500;
const SLOWEST_KILL_MS = 3000;
const FLASH_MIB = 256;
const KEYS_MS = 120_000;
/** Of tests and the bench alone, for filters that encrypt: their policies name it. */
export const KEY = {
  provider: 'native',
  keyId: 'key-1',
  value: Buffer.alloc(32, 7).toString('base64'),
};

export interface KillLoopOptions {
  kills: number;
  seed: number;
  properties: FilterPropertyValues;
  /** Without, the cache is alone. */
  company?(harness: WorldHarness): Promise<Company>;
  /** Told of each kill after which the whole disk was right. */
  onKill?(kills: number): void;
}

/** What stands beside the cache. */
export interface Company {
  /** The disk's filters in that round, guest first; the drive that loses its cache is below all. */
  around(cache: LaunchFilter, round: number): LaunchFilter[];
  /** Beside `KEY`, which is given to worlds with a filter that encrypts. */
  keys: readonly GivenKey[];
  /** Stops the world when the last kill is over. Throws when something is not right. */
  finish(trial: Trial): Promise<void>;
  stop(): Promise<void>;
}

export interface KillLoopResult {
  kills: number;
  /** I/Os that were answered. */
  operations: number;
  /** Kills that left a log on the flash. */
  leftLogs: number;
  /** Worlds that were gone when they were to be killed. */
  endedItself: number;
}

/** Throws Failure at the first answer that no order of the I/O explains. */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const harness = await WorldHarness.create();
  const { company: invite } = options;
  let company = ALONE;
  try {
    // Before the host gets its flash and keys: what is invited brings its own.
    if (invite) company = await invite(harness);
    return await inHarness(harness, company, options);
  } finally {
    await company.stop();
    await harness.dispose();
  }
}

const ALONE: Company = {
  around: (cache) => [cache],
  keys: [],
  finish: (trial) => trial.stop(),
  stop: async () => undefined,
};

async function inHarness(
  harness: WorldHarness,
  company: Company,
  { kills, seed, properties, onKill }: KillLoopOptions,
): Promise<KillLoopResult> {
  const directory = onOneHost(harness);
  giveKeys(harness, company.keys);
  const cache = { ...(await shippedFilter(harness, 'cache')), properties };
  const probe = await probeFilter(harness);
  const parts = { harness, probe, diskIndex: 0, sizeBytes: DISK_BYTES, checked: false };
  const trial = await Trial.start({ ...parts, filter: cache });
  const random = new XorShift(seed);
  const load = new DiskLoad(trial, random);
  let [leftLogs, endedItself] = [0, 0];
  await trial.kill();
  await trial.reopen([...company.around(cache, 0), probe]);
  for (let round = 1; round <= kills; round++) {
    await killUnderLoad(trial, load, random).catch((thrown: unknown) => {
      if (!isGone(thrown)) throw thrown;
      endedItself += 1;
      trial.abandon();
    });
    leftLogs += (await readdir(directory)).filter((name) => name.endsWith('.flash')).length;
    load.model.crash();
    await trial.reopen([...company.around(cache, round), probe]);
    await load.verify(`After kill -9 number ${round}, a read`);
    onKill?.(round);
  }
  await company.finish(trial);
  return { kills, operations: load.answered, leftLogs, endedItself };
}

/** The world had ended before it was killed: on a busy machine one loses its lock. */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
}

/** kill -9 of the world at a random moment of random I/O. */
export async function killUnderLoad(trial: Trial, load: DiskLoad, random: XorShift): Promise<void> {
  let killed = false;
  const running = load
    .run({ operations: Number.MAX_SAFE_INTEGER, depth: DEPTH, until: () => killed })
    .catch((thrown: unknown) => {
      // The connection ends with the world. What was wrong before that counts.
      if (thrown instanceof Failure || !killed) throw thrown;
    });
  // Awaited below; a rejection before that is not lost.
  running.catch(() => undefined);
  // By what was done and not by time, so that a busy machine kills at the same places.
  const last = load.answered + random.next() * ANSWERS_MAX;
  for (let waitedMs = 0; waitedMs < SLOWEST_KILL_MS && load.answered < last; waitedMs += 2) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  killed = true;
  await trial.kill();
  await running;
}

/** Has all worlds of a harness run on one host, with a virtual flash resource; its folder. */
export function onOneHost(harness: WorldHarness, flashMib = FLASH_MIB): string {
  const directory = path.join(harness.directory, 'flash');
  const make = harness.makeLaunch.bind(harness);
  harness.makeLaunch = async (...args) => {
    await mkdir(directory, { recursive: true });
    const launch = await make(...args);
    const owner = { hostUuid: 'host-1', hostName: 'host-1' };
    return { ...launch, owner, flash: { directory, capacityBytes: flashMib * MIB } };
  };
  return directory;
}

/** Has worlds with a filter that encrypts wait for their keys, and gives them to them. */
export function giveKeys(harness: WorldHarness, more: readonly GivenKey[] = []): void {
  const start = harness.start.bind(harness);
  harness.start = async (launch, timeoutMs = KEYS_MS) => {
    const encrypts = launch.disks.some((disk) =>
      disk.filters.some((filter) => filter.class === 'encryption'),
    );
    if (!encrypts) return start(launch, timeoutMs);
    let over = false;
    const isAlive = (): boolean => !over;
    const given = clientOf(launch).whenThere({ timeoutMs: KEYS_MS, isAlive }, async () => {
      await clientOf(launch).putKeys([KEY, ...more]);
    });
    const [world] = await Promise.all([
      start({ ...launch, awaitsKeys: true }, timeoutMs).finally(() => {
        over = true;
      }),
      given,
    ]);
    return world;
  };
}

/** A filter of the folder filters/, with the defaults of its properties. */
export async function shippedFilter(harness: WorldHarness, name: string): Promise<LaunchFilter> {
  const entryPath = path.join(harness.directory, `${name}.mjs`);
  await writeFile(entryPath, await bundleModule(path.join(ROOT, 'filters', name, 'index.ts')));
  const exported: { default: { class: string } } = await import(entryPath);
  return launchFilterOf(entryPath, {
    name,
    class: filterClassSchema.parse(exported.default.class),
  });
}

/** The drive that loses its cache with the world. */
export async function probeFilter(harness: WorldHarness): Promise<LaunchFilter> {
  const entryPath = path.join(harness.directory, 'probe.mjs');
  const source = path.join(ROOT, 'scripts', 'certify', 'lab', 'storage-probe.ts');
  await writeFile(entryPath, await bundleNamed(source, 'storageProbe'));
  const { name, class: filterClass } = storageProbe;
  return launchFilterOf(entryPath, { name, class: filterClass });
}
