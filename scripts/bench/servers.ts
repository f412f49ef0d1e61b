// The servers of the bench: `nbdkit file`, and our world without filters, with three that pass
// everything, and with each shipped filter. Every one has a file of its own, filled, so that all
// are equally hot.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { LaunchFilter } from '#host/world/launch.ts';
import { findTool, mustRun } from '#host/world/test-peers.ts';
import {
  type HarnessDisk,
  launchFilterOf,
  type RunningWorld,
  type WorldHarness,
} from '#host/world/world-harness.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { MIB } from '#lib/model/limits.ts';
import { KEY } from '#scripts/cache/kill-loop.ts';

export const BENCH_DISK_BYTES = 256 * MIB;
const FILTERS = path.join(import.meta.dirname, '..', '..', 'filters');
/** What shipped filters need to work at all. */
const PROPERTIES: Record<string, FilterPropertyValues> = {
  cache: { sizeMib: 1024 },
  encryption: { keyProvider: KEY.provider, keyId: KEY.keyId },
};

export interface BenchServer {
  name: string;
  uri: string;
  pid: number;
  /** Measured with 4 KiB blocks only. */
  smallOnly: boolean;
  stop(): Promise<void>;
}

export interface NbdkitOptions {
  filter?: string;
  parameters?: readonly string[];
  /** What it serves, filled; a file of its own when absent. */
  image?: string;
}

/** nbdkit's file plugin, the peer that we measure ourselves against. */
export async function startNbdkit(
  harness: WorldHarness,
  { filter, parameters = [], image }: NbdkitOptions = {},
): Promise<BenchServer> {
  const file = image ?? path.join(harness.directory, `nbdkit${filter ?? ''}.raw`);
  const socket = path.join(harness.directory, `nbdkit${filter ?? ''}.sock`);
  if (image === undefined) await fill(file);
  const filters = filter === undefined ? [] : [`--filter=${filter}`];
  const args = ['-f', '-U', socket, ...filters, 'file', file, ...parameters];
  // What its filters keep goes beside what ours do.
  const env = { ...process.env, TMPDIR: harness.directory };
  const child = spawn(findTool('nbdkit') ?? 'nbdkit', args, { stdio: 'ignore', env });
  await untilThere(socket, child);
  return {
    name: filter === undefined ? 'nbdkit file' : `nbdkit ${filter}`,
    uri: `nbd+unix:///?socket=${socket}`,
    pid: child.pid ?? 0,
    smallOnly: false,
    stop: async () => {
      child.kill();
    },
  };
}

/** A world with one disk and these filters. */
export async function startOurs(
  harness: WorldHarness,
  { name, index, filters }: { name: string; index: number; filters: LaunchFilter[] },
): Promise<BenchServer> {
  const disk: HarnessDisk = await harness.makeDisk(index, BENCH_DISK_BYTES);
  await fill(disk.flatPath);
  const world = await harness.start(await harness.makeLaunch([disk], filters));
  await untilEncrypted(world);
  return {
    name,
    uri: world.uri(),
    pid: world.status.pid,
    smallOnly: filters.length === 1,
    stop: async () => {
      await world.client.stop();
    },
  };
}

/** A filter that encrypts begins with what the disk has: that is not to be measured. */
async function untilEncrypted({ client }: RunningWorld): Promise<void> {
  for (;;) {
    const { disks } = await client.sample();
    const shares = disks.flatMap(({ filters }) =>
      filters.map(({ statistics }) => statistics.encryptedShare ?? 100),
    );
    if (shares.every((share) => share === 100)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Three filters of different classes that look at every I/O and change nothing. */
export function passThroughFilters(harness: WorldHarness): Promise<LaunchFilter[]> {
  const classes = ['inspection', 'compression', 'cache'] as const;
  return Promise.all(
    classes.map((filterClass) => {
      const name = `pass-${filterClass}`;
      const source = `export default { kind: 'total', name: '${name}', class: '${filterClass}',
        apiVersion: 1, summary: '', properties: [], statistics: [],
        open() { let seen = 0; const see = () => { seen += 1; };
          return { read: see, write: see, flush: see, trim: see, writeZeroes: see, prefetch: see,
            completed: see }; } };`;
      return harness.makeFilter(name, source, { class: filterClass });
    }),
  );
}

/** The modules given, or those of the folder filters/, each as one file. */
export async function benchFilters(
  harness: WorldHarness,
  files: readonly string[],
): Promise<LaunchFilter[]> {
  const entries = files.length > 0 ? files : await shippedEntries();
  const filters: LaunchFilter[] = [];
  for (const [index, entry] of entries.entries()) {
    const outfile = path.join(harness.directory, `filter-${index}.mjs`);
    await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'node', outfile });
    const exported: { default: { name: string; class: string } } = await import(outfile);
    const { name, class: filterClass } = exported.default;
    const identity = { name, class: filterClassSchema.parse(filterClass) };
    const properties = PROPERTIES[name] ?? {};
    filters.push({ ...(await launchFilterOf(outfile, identity)), properties });
  }
  return filters;
}

/** Resident memory of a process in MiB. */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** Puts every thread of a process under SCHED_RR. */
export async function makeRealtime(pid: number): Promise<void> {
  await mustRun('chrt', ['--rr', '--all-tasks', '--pid', '1', `${pid}`]);
}

async function shippedEntries(): Promise<string[]> {
  const names = await readdir(FILTERS).catch(() => []);
  return names
    .map((name) => path.join(FILTERS, name, 'index.ts'))
    .filter((file) => existsSync(file));
}

export async function fill(file: string): Promise<void> {
  const block = systemRandom.bytes(MIB);
  const whole = Buffer.concat(Array.from({ length: BENCH_DISK_BYTES / MIB }, () => block));
  await writeFile(file, whole);
}

export async function untilThere(socket: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 400 || child.exitCode !== null)
      throw new Error(`${child.spawnfile} does not start`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
