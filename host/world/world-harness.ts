// For tests and the bench: virtual disks in a scratch directory, and real world processes over
// them.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { formatDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import type { FilterClass } from '#lib/model/filter-class.ts';
import { MIB, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import { INSPECTOR_ARGS } from '../agent/vm/stuck-world.ts';
import type { WorldStatus } from './control.ts';
import type { LaunchFilter, WorldLaunch } from './launch.ts';
import { WorldClient } from './world-client.ts';

const WORLD_MAIN = fileURLToPath(new URL('./world-main.ts', import.meta.url));
/** Has Node keep compiled code between runs: a world starts in a third of the time. */
const CACHE = fileURLToPath(new URL('../../.build/compile-cache', import.meta.url));
const COMPILE_CACHE = `data:text/javascript,${encodeURIComponent(
  `import { enableCompileCache } from 'node:module'; enableCompileCache(${JSON.stringify(CACHE)});`,
)}`;
/** As an agent does: a storm of flushes must not keep a disk's lock from being renewed in time. */
const FILE_THREADS = 16;
const FIRST_KEY = 2000;
/** The machine may be busy. */
const START_MS = 60_000;

export interface HarnessDisk {
  key: number;
  descriptorPath: string;
  flatPath: string;
}

export interface RunningWorld {
  launch: WorldLaunch;
  child: ChildProcess;
  client: WorldClient;
  status: WorldStatus;
  /** nbd+unix URI of a disk, for real clients. */
  uri(diskIndex?: number): string;
}

/** A scratch directory with one datastore; `dispose` ends every world that it started. */
export class WorldHarness {
  readonly directory: string;
  /** The program of a VM's process. */
  worldMain = WORLD_MAIN;
  readonly #pids = new Set<number>();
  #worlds = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<WorldHarness> {
    return new WorldHarness(await mkdtemp(join(tmpdir(), 'sluice-world-')));
  }

  /** An empty thin disk of that size. */
  async makeDisk(index: number, bytes = 64 * MIB): Promise<HarnessDisk> {
    const name = `disk${index}`;
    const descriptorPath = join(this.directory, `${name}.vmdk`);
    const flatPath = join(this.directory, `${name}-flat.vmdk`);
    const descriptor = newDescriptor({
      createType: 'vmfs',
      sectors: bytes / SECTOR_BYTES,
      extentFileName: `${name}-flat.vmdk`,
      random: systemRandom,
    });
    await writeFile(descriptorPath, formatDescriptor(descriptor));
    await writeFile(flatPath, '');
    await truncate(flatPath, bytes);
    return { key: FIRST_KEY + index, descriptorPath, flatPath };
  }

  /** Writes a filter's module and says how to launch it. */
  async makeFilter(
    name: string,
    source: string,
    more: { class?: FilterClass; properties?: FilterPropertyValues } = {},
  ): Promise<LaunchFilter> {
    const entryPath = join(this.directory, `${name}.mjs`);
    await writeFile(entryPath, source);
    return launchFilterOf(entryPath, { name, class: more.class ?? 'inspection', ...more });
  }

  /** A launch for these disks; every call is another host. */
  makeLaunch(
    disks: readonly HarnessDisk[],
    filters: readonly LaunchFilter[] = [],
    incoming = false,
  ): Promise<WorldLaunch> {
    this.#worlds += 1;
    return makeLaunch(join(this.directory, `host${this.#worlds}`), { disks, filters, incoming });
  }

  /** Starts a world and waits until it runs, so many milliseconds at most. */
  async start(launch: WorldLaunch, timeoutMs = START_MS): Promise<RunningWorld> {
    const { file, args } = await this.commandOf(launch);
    const log = await open(`${launch.logPath}.stderr`, 'a', 0o600);
    const child = spawn('env', [`UV_THREADPOOL_SIZE=${FILE_THREADS}`, file, ...args], {
      stdio: ['ignore', 'ignore', log.fd],
      detached: true,
    });
    await log.close();
    if (child.pid !== undefined) this.#pids.add(child.pid);
    const client = clientOf(launch);
    const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
    const status = await client.waitUntilReady({ isAlive, timeoutMs });
    return { launch, child, client, status, uri: (index = 0) => uriOf(launch, index) };
  }

  /** What a destination agent answers to `prepareIncoming`. */
  async ticket(launch: WorldLaunch): Promise<HandoverTicket> {
    const { file, args } = await this.commandOf(launch);
    const env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      UV_THREADPOOL_SIZE: `${FILE_THREADS}`,
    };
    const { controlSocketPath } = launch;
    return { vmId: launch.vm.vmId, launch: { file, args, env }, controlSocketPath };
  }

  async commandOf(launch: WorldLaunch): Promise<{ file: string; args: string[] }> {
    const path = `${launch.controlSocketPath}.json`;
    await writeFile(path, JSON.stringify(launch));
    return {
      file: process.execPath,
      args: [...INSPECTOR_ARGS, '--import', COMPILE_CACHE, this.worldMain, path],
    };
  }

  /** Has `dispose` end a process that another one has started. */
  adopt(pid: number): void {
    this.#pids.add(pid);
  }

  /** Removes a file of the datastore. */
  async remove(name: string): Promise<void> {
    await rm(join(this.directory, name));
  }

  async dispose(): Promise<void> {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended by itself, as most do.
      }
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}

export function clientOf({ controlSocketPath }: WorldLaunch): WorldClient {
  return new WorldClient({ controlSocketPath, clock: systemClock, random: systemRandom });
}

function uriOf({ vm, nbdSocketPath }: WorldLaunch, index: number): string {
  return `nbd+unix:///${vm.disks[index]?.unit ?? ''}?socket=${nbdSocketPath}`;
}

/** A filter whose module lies in a file. */
export async function launchFilterOf(
  entryPath: string,
  identity: { name: string; class: FilterClass; properties?: FilterPropertyValues },
): Promise<LaunchFilter> {
  const entrySha256 = createHash('sha256')
    .update(await readFile(entryPath))
    .digest('hex');
  return { properties: {}, ...identity, entryPath, entrySha256 };
}

async function makeLaunch(
  home: string,
  parts: { disks: readonly HarnessDisk[]; filters: readonly LaunchFilter[]; incoming: boolean },
): Promise<WorldLaunch> {
  await mkdir(home);
  return {
    vm: {
      vmId: 'vm-1',
      name: 'test',
      instanceUuid: '0c6f3a52-9d0e-4b5e-8f43-3d1c7e8a9b10',
      cpuCount: 1,
      memoryMib: 64,
      datastoreId: 'datastore-1',
      vmxPath: 'test/test.vmx',
      nbdPort: 0,
      disks: parts.disks.map(({ key }, index) => ({
        key,
        label: `Hard disk ${index + 1}`,
        unit: `scsi0:${index}`,
        datastoreId: 'datastore-1',
        path: `test/disk${index}.vmdk`,
        capacityBytes: 64 * MIB,
        filters: [],
      })),
    },
    owner: { hostUuid: home, hostName: home.slice(-5) },
    disks: parts.disks.map(({ key, descriptorPath }) => ({
      key,
      descriptorPath,
      filters: [...parts.filters],
    })),
    controlSocketPath: join(home, 'control.sock'),
    nbdSocketPath: join(home, 'nbd.sock'),
    nbdHost: '127.0.0.1',
    nbdPort: 0,
    logPath: join(home, 'world.log'),
    incoming: parts.incoming,
    serves: true,
    statePath: null,
  };
}
