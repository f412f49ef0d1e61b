// Three hosts with flash and the daemon of the cache on each, for tests of mirrors: a host can be
// lost, with its processes and all that it had on its flash.
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileDurably } from '#host/datastore/write-file.ts';
import { type DaemonLaunch, daemonReportSchema } from '#host/filter-daemon/daemon-launch.ts';
import { capacityPathOf } from '#host/flash/flash-capacity.ts';
import type { WorldHarness } from '#host/world/world-harness.ts';
import { MIB } from '#lib/model/limits.ts';
import { bundleModule } from '#scripts/build-vibs/bundle-module.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DAEMON_MAIN = path.join(ROOT, 'host', 'filter-daemon', 'daemon-main.ts');
const FLASH_BYTES = 256 * MIB;
const ADDRESS = '127.0.0.1';
/** That they all share here, in base64. */
const KEY = Buffer.alloc(32, 5).toString('base64');

interface Host {
  name: string;
  /** Of the virtual flash resource. */
  directory: string;
  socketPath: string;
  daemon: ChildProcess | null;
  port: number;
}

export class MirrorHosts {
  readonly #harness: WorldHarness;
  readonly #code: { path: string; sha256: string };
  readonly #hosts: Host[];
  #current = 0;

  private constructor(harness: WorldHarness, code: { path: string; sha256: string }) {
    this.#harness = harness;
    this.#code = code;
    this.#hosts = ['host-1', 'host-2', 'host-3'].map((name) => ({
      name,
      directory: path.join(harness.directory, `${name}-flash`),
      socketPath: path.join(harness.directory, `${name}.dmn`),
      ...{ daemon: null, port: 0 },
    }));
  }

  /** From then on worlds of the harness start on the first of them. */
  static async start(harness: WorldHarness): Promise<MirrorHosts> {
    const code = await bundleModule(path.join(ROOT, 'filters', 'cache', 'daemon.ts'));
    const file = path.join(harness.directory, 'cache-daemon.mjs');
    await writeFile(file, code);
    const sha256 = createHash('sha256').update(code).digest('hex');
    const hosts = new MirrorHosts(harness, { path: file, sha256 });
    for (const host of hosts.#hosts) {
      await mkdir(host.directory, { recursive: true });
      const capacity = JSON.stringify({ capacityBytes: FLASH_BYTES });
      await writeFileDurably(capacityPathOf(host.directory), capacity);
      await hosts.#startDaemon(host);
    }
    hosts.#tellPeers();
    hosts.#directWorlds();
    return hosts;
  }

  /** Names of the logs on the other hosts. */
  async mirrors(): Promise<string[]> {
    const others = this.#hosts.filter((host) => host !== this.#host);
    return (await Promise.all(others.map(logsOf))).flat();
  }

  /**
   * The world's host is gone, with its flash; from then on worlds start on the one that has the
   * mirror, or on the one that has not.
   */
  async loseHost({ toMirror }: { toMirror: boolean }): Promise<void> {
    const lost = this.#host;
    await endOf(lost.daemon, 'SIGKILL');
    for (const name of await readdir(lost.directory)) {
      if (!name.endsWith('.json')) await rm(path.join(lost.directory, name));
    }
    const mirror = await this.#mirrorHost();
    const next = this.#hosts.findIndex((host) => host !== lost && (host === mirror) === toMirror);
    this.#current = next;
    this.#tellPeers();
  }

  /** What was lost comes back; a host's flash is empty then. */
  async bringBack(): Promise<void> {
    for (const host of this.#hosts) if (!isUp(host)) await this.#startDaemon(host);
    this.#tellPeers();
  }

  /** kill -9 of the daemon that keeps the mirror. */
  async losePeer(): Promise<void> {
    const { daemon } = await this.#mirrorHost();
    await endOf(daemon, 'SIGKILL');
    this.#tellPeers();
  }

  async stop(): Promise<void> {
    for (const { daemon } of this.#hosts) await endOf(daemon, 'SIGTERM');
  }

  get #host(): Host {
    return this.#at(this.#current);
  }

  async #mirrorHost(): Promise<Host> {
    for (const host of this.#hosts) {
      if (host !== this.#host && (await logsOf(host)).length > 0) return host;
    }
    throw new Error('no host has a mirror');
  }

  #at(index: number): Host {
    const host = this.#hosts[index];
    if (!host) throw new Error(`there is no host ${index}`);
    return host;
  }

  #directWorlds(): void {
    const make = this.#harness.makeLaunch.bind(this.#harness);
    this.#harness.makeLaunch = async (...args) => {
      const { name, directory, socketPath } = this.#host;
      const launch = await make(...args);
      const disks = launch.disks.map((disk) => ({
        ...disk,
        filters: disk.filters.map((filter) =>
          filter.name === 'cache' ? { ...filter, daemonSocketPath: socketPath } : filter,
        ),
      }));
      const owner = { hostUuid: name, hostName: name };
      return { ...launch, disks, owner, flash: { directory, capacityBytes: 0 } };
    };
  }

  async #startDaemon(host: Host): Promise<void> {
    const launch: DaemonLaunch = {
      ...{ name: 'cache', entryPath: this.#code.path, entrySha256: this.#code.sha256 },
      ...{ socketPath: host.socketPath, networkAddress: ADDRESS },
      host: { id: `id-of-${host.name}`, name: host.name },
      flash: { directory: host.directory, hostUuid: host.name },
      logPath: path.join(this.#harness.directory, `${host.name}-daemon.log`),
    };
    const daemon = fork(DAEMON_MAIN, [JSON.stringify(launch)], { execArgv: [] });
    host.daemon = daemon;
    await new Promise<void>((resolve, reject) => {
      daemon.once('exit', () => reject(new Error(`the daemon of ${host.name} has ended`)));
      daemon.on('message', (message) => {
        const { ready, listening } = daemonReportSchema.parse(message);
        if (listening !== undefined) host.port = listening;
        if (ready) resolve();
      });
    });
  }

  #tellPeers(): void {
    const up = this.#hosts.filter(isUp);
    for (const host of up) {
      const others = up.filter((each) => each !== host);
      const peers = others.map(({ name, port }) => {
        return { hostId: `id-of-${name}`, address: ADDRESS, port, key: KEY };
      });
      host.daemon?.send({ peers });
    }
  }
}

function isUp({ daemon }: Host): boolean {
  return daemon !== null && daemon.exitCode === null && daemon.signalCode === null;
}

async function logsOf({ directory }: Host): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.flash'));
}

async function endOf(daemon: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill(signal);
  await ended;
}
