// kill -9 of worlds whose cache writes back, at random moments of random I/O, over a drive that
// loses its own cache with the process: what was flushed must be there each time.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import { launchFilterOf, WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { MIB } from '#lib/model/limits.ts';
import { bundleModule, bundleNamed } from '#scripts/build-vibs/bundle-module.ts';
import { DiskLoad } from '#scripts/certify/lab/disk-load.ts';
import { storageProbe } from '#scripts/certify/lab/storage-probe.ts';
import { Failure, Trial } from '#scripts/certify/lab/trial.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DISK_BYTES = 16 * MIB;
const DEPTH = 16;
const SLOWEST_KILL_MS = 400;
const FLASH_MIB = 256;

export interface KillLoopOptions {
  kills: number;
  seed: number;
  properties: FilterPropertyValues;
  /** Folders of filters that stand above the cache, guest first. */
  above?: readonly string[];
}

export interface KillLoopResult {
  kills: number;
  /** I/Os that were answered. */
  operations: number;
  /** Kills that left a log on the flash. */
  leftLogs: number;
}

/** Throws Failure at the first answer that no order of the I/O explains. */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const harness = await WorldHarness.create();
  try {
    return await inHarness(harness, options);
  } finally {
    await harness.dispose();
  }
}

async function inHarness(
  harness: WorldHarness,
  { kills, seed, properties, above = [] }: KillLoopOptions,
): Promise<KillLoopResult> {
  const directory = onOneHost(harness);
  const cache = { ...(await shippedFilter(harness, 'cache')), properties };
  const probe = await probeFilter(harness);
  const upper = await Promise.all(above.map((name) => shippedFilter(harness, name)));
  const parts = { harness, probe, diskIndex: 0, sizeBytes: DISK_BYTES, checked: false };
  const trial = await Trial.start({ ...parts, filter: cache });
  const random = new XorShift(seed);
  const load = new DiskLoad(trial, random);
  let leftLogs = 0;
  if (upper.length > 0) {
    await trial.kill();
    await trial.reopen([...upper, cache, probe]);
  }
  for (let round = 1; round <= kills; round++) {
    await killUnderLoad(trial, load, random);
    leftLogs += (await readdir(directory)).length;
    load.model.crash();
    await trial.reopen();
    await load.verify(`After kill -9 number ${round}, a read`);
  }
  await trial.stop();
  return { kills, operations: load.answered, leftLogs };
}

async function killUnderLoad(trial: Trial, load: DiskLoad, random: XorShift): Promise<void> {
  let killed = false;
  const running = load
    .run({ operations: Number.MAX_SAFE_INTEGER, depth: DEPTH, until: () => killed })
    .catch((thrown: unknown) => {
      // The connection ends with the world. What was wrong before that counts.
      if (thrown instanceof Failure || !killed) throw thrown;
    });
  // Awaited below; a rejection before that is not lost.
  running.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, random.next() * SLOWEST_KILL_MS));
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

async function probeFilter(harness: WorldHarness): Promise<LaunchFilter> {
  const entryPath = path.join(harness.directory, 'probe.mjs');
  const source = path.join(ROOT, 'scripts', 'certify', 'lab', 'storage-probe.ts');
  await writeFile(entryPath, await bundleNamed(source, 'storageProbe'));
  const { name, class: filterClass } = storageProbe;
  return launchFilterOf(entryPath, { name, class: filterClass });
}
