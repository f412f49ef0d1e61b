// Two sites for tests of replication: a world whose disk has the filter, the filter's daemon, and a
// replication target; each of them is a real process that can be killed and started again.
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type DaemonLaunch, daemonReportSchema } from '#host/filter-daemon/daemon-launch.ts';
import { pairWithTarget } from '#host/replica/replication-target.ts';
import { callPeer } from '#host/volumes/rpc-client.ts';
import type { LaunchFilter, WorldLaunch } from '#host/world/launch.ts';
import { mustRun } from '#host/world/test-peers.ts';
import {
  clientOf,
  type HarnessDisk,
  type RunningWorld,
  type WorldHarness,
} from '#host/world/world-harness.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { PAIRING_KEYS } from '#lib/model/key.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import type { Pairing } from '#lib/wire/agent/target-pairing.ts';
import {
  newPairingCode,
  queryReplicas,
  type ReplicaReport,
  serveMoment,
  stopServingMoment,
} from '#lib/wire/agent/target-rpc.ts';
import { bundleModule } from '#scripts/build-vibs/bundle-module.ts';
import { shippedFilter } from '#scripts/cache/kill-loop.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DAEMON_MAIN = path.join(ROOT, 'host', 'filter-daemon', 'daemon-main.ts');
const TARGET_MAIN = path.join(ROOT, 'host', 'replica', 'target-main.ts');
const LOCAL = '127.0.0.1';
const TOKEN = 'the token of a target for tests';
/** What must happen has happened by then, also on a busy machine. */
const SETTLE_MS = 120_000;
const POLL_MS = 25;
/** Bytes of a disk unless said otherwise. */
export const DISK_BYTES = 16 * MIB;
/** Of the filter's statistic `state`. */
const IN_SYNC = 2;

const portsSchema = z.object({ port: z.number(), rpcPort: z.number(), nbdPort: z.number() });

export interface SiteOptions {
  /** Of the filter. */
  properties?: FilterPropertyValues;
  disks?: number;
  bytes?: number;
  /** Of the target's journals. */
  segmentMib?: number;
  /** Called for each disk before anything runs. */
  prepare?(disk: HarnessDisk): Promise<void>;
}

export class ReplicationSite {
  readonly harness: WorldHarness;
  readonly disks: HarnessDisk[] = [];
  readonly #code: { path: string; sha256: string };
  readonly #filter: LaunchFilter;
  #segmentMib = 1;
  #pairing: Pairing = { id: '', key: '' };
  #ports = { port: 0, rpcPort: 0, nbdPort: 0 };
  #target: ChildProcess | null = null;
  #daemon: ChildProcess | null = null;
  #world: RunningWorld | null = null;
  #launch: WorldLaunch | null = null;

  private constructor(
    harness: WorldHarness,
    code: { path: string; sha256: string },
    filter: LaunchFilter,
  ) {
    this.harness = harness;
    this.#code = code;
    this.#filter = filter;
  }

  /** All of it runs then. */
  static async start(harness: WorldHarness, options: SiteOptions = {}): Promise<ReplicationSite> {
    const { properties = {}, disks = 1, bytes = DISK_BYTES, segmentMib = 1 } = options;
    const code = await bundleModule(path.join(ROOT, 'filters', 'replication', 'daemon.ts'));
    const file = path.join(harness.directory, 'replication-daemon.mjs');
    await writeFile(file, code);
    const sha256 = createHash('sha256').update(code).digest('hex');
    const filter = { ...(await shippedFilter(harness, 'replication')), properties };
    const site = new ReplicationSite(harness, { path: file, sha256 }, filter);
    site.#segmentMib = segmentMib;
    for (let index = 0; index < disks; index++) {
      const disk = await harness.makeDisk(index, bytes);
      await options.prepare?.(disk);
      site.disks.push(disk);
    }
    await site.startTarget();
    const { code: word } = await site.call(newPairingCode, {});
    site.#pairing = await pairWithTarget({ host: LOCAL, port: site.#ports.port }, word);
    await site.startDaemon();
    await site.startWorld();
    return site;
  }

  get world(): RunningWorld {
    if (this.#world === null) throw new Error('the world does not run');
    return this.#world;
  }

  /** Of the processes beside the world. */
  get pids(): { daemon: number; target: number } {
    return { daemon: this.#daemon?.pid ?? 0, target: this.#target?.pid ?? 0 };
  }

  async startTarget(): Promise<void> {
    const args = ['--directory', path.join(this.harness.directory, 'copies')];
    const more = ['--segment-mib', `${this.#segmentMib}`, '--port', `${this.#ports.port}`];
    const child = fork(TARGET_MAIN, [...args, ...more], {
      env: { ...process.env, SLUICE_TARGET_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#target = child;
    this.#ports = await new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(portsSchema.parse(message)));
      child.once('exit', () => reject(new Error('the target has ended')));
    });
  }

  async startDaemon(): Promise<void> {
    const launch: DaemonLaunch = {
      ...{ name: 'replication', entryPath: this.#code.path, entrySha256: this.#code.sha256 },
      ...{ socketPath: this.#socketPath, networkAddress: LOCAL },
      host: { id: 'host-1', name: 'host-1' },
      logPath: path.join(this.harness.directory, 'replication-daemon.log'),
    };
    const child = fork(DAEMON_MAIN, [JSON.stringify(launch)], { execArgv: [] });
    this.#daemon = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message) => daemonReportSchema.parse(message).ready && resolve());
      child.once('exit', () => reject(new Error('the daemon has ended')));
    });
  }

  async startWorld(): Promise<void> {
    const launch = this.#launch ?? (await this.makeLaunch());
    this.#launch = launch;
    this.#world = await this.#startLaunch(launch);
  }

  /** Moves the VM to another host, while its clients work on. */
  async migrate(): Promise<void> {
    const launch = await this.makeLaunch(true);
    const { client } = this.world;
    const ticket = await this.harness.ticket(launch);
    const there = clientOf(launch);
    let over = false;
    const isAlive = (): boolean => !over;
    const given = this.#giveKey(launch, isAlive);
    const moved = client.handOver(ticket).finally(() => {
      over = true;
    });
    await Promise.all([moved, given]);
    const waiting = { timeoutMs: SETTLE_MS, isAlive: () => true };
    const status = await there.waitUntilReady(waiting);
    this.harness.adopt(status.pid);
    const { child } = this.world;
    this.#world = { ...this.world, launch, client: there, status, child };
    this.#launch = { ...launch, incoming: false };
  }

  async #startLaunch(launch: WorldLaunch): Promise<RunningWorld> {
    let over = false;
    const given = this.#giveKey(launch, () => !over);
    const started = this.harness.start(launch, SETTLE_MS).finally(() => {
      over = true;
    });
    const [world] = await Promise.all([started, given]);
    return world;
  }

  #giveKey(launch: WorldLaunch, isAlive: () => boolean): Promise<unknown> {
    return clientOf(launch).whenThere({ timeoutMs: SETTLE_MS, isAlive }, async () => {
      await clientOf(launch).putKeys([this.key]);
    });
  }

  /** As the host has it for the filter. */
  get key(): { provider: string; keyId: string; value: string } {
    const value = Buffer.from(this.#pairing.key, 'hex').toString('base64');
    return { provider: PAIRING_KEYS, keyId: this.#pairing.id, value };
  }

  /** For the same disks on one more host. */
  async makeLaunch(incoming = false): Promise<WorldLaunch> {
    const launch = await this.harness.makeLaunch(this.disks, [], incoming);
    const disks = launch.disks.map((disk, index) => ({ ...disk, filters: [this.filterOf(index)] }));
    return { ...launch, disks, awaitsKeys: true };
  }

  /** The filter as a disk has it. */
  filterOf(index: number, properties: FilterPropertyValues = {}): LaunchFilter {
    const managed = {
      ...{ target: `${LOCAL}:${this.#ports.port}`, pairing: this.#pairing.id },
      ...{ keyProvider: PAIRING_KEYS, keyId: this.#pairing.id },
      ...{ vm: 'vm-1', disk: `${index}` },
    };
    return {
      ...this.#filter,
      properties: { ...this.#filter.properties, ...properties, ...managed },
      daemonSocketPath: this.#socketPath,
    };
  }

  async killWorld(): Promise<void> {
    const child = this.#world?.child ?? null;
    this.#world = null;
    await killHard(child);
  }

  async killDaemon(): Promise<void> {
    await killHard(this.#daemon);
    this.#daemon = null;
  }

  async killTarget(): Promise<void> {
    await killHard(this.#target);
    this.#target = null;
  }

  async stop(): Promise<void> {
    await this.killWorld();
    await this.killDaemon();
    await this.killTarget();
  }

  call<In extends z.ZodType, Out extends z.ZodType>(
    rpc: Rpc<In, Out>,
    input: z.input<In>,
  ): Promise<z.output<Out>> {
    const place = { host: LOCAL, port: this.#ports.rpcPort };
    return callPeer({ place, token: TOKEN }, rpc, input);
  }

  async replica(index = 0): Promise<ReplicaReport> {
    const { replicas } = await this.call(queryReplicas, {});
    const found = replicas.find(({ diskId }) => diskId === `vm-1/${index}`);
    if (found === undefined) throw new Error(`the target has no copy of disk ${index}`);
    return found;
  }

  /** The filter's numbers for a disk. */
  async statistics(index = 0): Promise<Record<string, number>> {
    const { disks } = await this.world.client.sample();
    const filters = disks[index]?.filters ?? [];
    return filters.find(({ name }) => name === 'replication')?.statistics ?? {};
  }

  /** Resolves when the target has everything; throws when that does not come about. */
  async settled(): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    let last: unknown = null;
    while (performance.now() < until) {
      const all = await Promise.all(this.disks.map((_, index) => this.statistics(index)));
      if (all.every(({ state, lagBytes }) => state === IN_SYNC && lagBytes === 0)) return;
      last = all;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the copy does not become the disk: ${JSON.stringify(last)}`);
  }

  /** The disk as its guest reads it. */
  async readDisk(index = 0): Promise<Buffer> {
    return this.#read(this.world.uri(index));
  }

  /** The copy as it was behind a record. Rejects with the target's reason when it cannot be had. */
  async readMoment(sequence: number, index = 0): Promise<Buffer> {
    const at = { sequence };
    const { moment, nbdPort } = await this.call(serveMoment, { diskId: `vm-1/${index}`, at });
    const { exportName } = moment;
    try {
      return await this.#read(`nbd://${LOCAL}:${nbdPort}/${exportName}`);
    } finally {
      await this.call(stopServingMoment, { exportName });
    }
  }

  async #read(uri: string): Promise<Buffer> {
    const file = path.join(this.harness.directory, 'image.raw');
    await mustRun('nbdcopy', [uri, file], { timeoutMs: SETTLE_MS });
    const image = await readFile(file);
    await rm(file);
    return image;
  }

  get #socketPath(): string {
    return path.join(this.harness.directory, 'replication.dmn');
  }
}

async function killHard(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
