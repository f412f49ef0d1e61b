// One disk under one world with the filter on trial, the difficult drive below it, and a client.
// Whatever goes wrong is a Failure, whose message says what a filter's author has to know.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { TestClient, type TestReply, type TestRequest } from '#host/nbd/test-client.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import {
  clientOf,
  type HarnessDisk,
  type RunningWorld,
  type WorldHarness,
} from '#host/world/world-harness.ts';
import type { VmSample } from '#lib/model/io.ts';

/** An I/O that takes longer hangs. */
const ANSWER_MS = 30_000;

/** The filter has not done what it must. */
export class Failure extends Error {}

export interface TrialParts {
  harness: WorldHarness;
  /** The filter on trial; null to see what a disk does without. */
  filter: LaunchFilter | null;
  /** The drive below; null for the plain disk. */
  probe: LaunchFilter | null;
  diskIndex: number;
  sizeBytes: number;
}

export class Trial {
  readonly #parts: TrialParts;
  readonly #disk: HarnessDisk;
  readonly #clients: TestClient[] = [];
  #world: RunningWorld;
  #filters: LaunchFilter[];
  #faultsSeen = 0;

  private constructor(parts: TrialParts, disk: HarnessDisk, world: RunningWorld) {
    this.#parts = parts;
    this.#disk = disk;
    this.#world = world;
    this.#filters = filtersOf(parts);
  }

  static async start(parts: TrialParts): Promise<Trial> {
    const disk = await parts.harness.makeDisk(parts.diskIndex, parts.sizeBytes);
    return new Trial(parts, disk, await startWorld(parts.harness, disk, filtersOf(parts)));
  }

  get disk(): HarnessDisk {
    return this.#disk;
  }

  get world(): RunningWorld {
    return this.#world;
  }

  get sizeBytes(): number {
    return this.#parts.sizeBytes;
  }

  async connect(): Promise<TestClient> {
    const client = await TestClient.connect({ path: this.#world.launch.nbdSocketPath });
    this.#clients.push(client);
    return client;
  }

  /** Throws Failure when the request is not answered in time. */
  async request(client: TestClient, request: TestRequest): Promise<TestReply> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const seconds = ANSWER_MS / 1000;
      const message = `An I/O was not answered within ${seconds} s: ${wordsFor(request)}.`;
      timer = setTimeout(() => reject(new Failure(message)), ANSWER_MS);
    });
    try {
      return await Promise.race([client.request(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** kill -9, and the disk opened again by another world. */
  async crash(): Promise<void> {
    await this.kill();
    await this.reopen();
  }

  async kill(): Promise<void> {
    const { child, status } = this.#world;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    process.kill(status.pid, 'SIGKILL');
    await ended;
    this.#closeClients();
  }

  async reopen(filters = this.#filters): Promise<void> {
    this.#filters = filters;
    this.#faultsSeen = 0;
    this.#world = await startWorld(this.#parts.harness, this.#disk, filters);
  }

  /** A power off in good order, and on again. */
  async restart(filters = this.#filters): Promise<void> {
    await this.stop();
    await this.reopen(filters);
  }

  async stop(): Promise<void> {
    const { child, client } = this.#world;
    const ended = child.exitCode === null ? once(child, 'exit') : null;
    await client.stop();
    await ended;
    this.#closeClients();
  }

  /** Puts other filters on the running disk. */
  async setFilters(filters: LaunchFilter[]): Promise<void> {
    await this.#world.client.setDiskFilters(this.#disk.key, filters);
    this.#filters = filters;
  }

  /** Tells the drive below what to do. */
  setProbe(properties: Record<string, string | number>): Promise<void> {
    return this.#setProperties(this.#parts.probe, properties);
  }

  setCandidate(properties: Record<string, string | number | boolean>): Promise<void> {
    return this.#setProperties(this.#parts.filter, properties);
  }

  /** The numbers of the drive below. */
  async probeCounts(): Promise<Record<string, number>> {
    return this.#statisticsOf(await this.#world.client.sample(), this.#parts.probe?.name ?? '');
  }

  async candidateStatistics(): Promise<Record<string, number>> {
    return this.#statisticsOf(await this.#world.client.sample(), this.#parts.filter?.name ?? '');
  }

  /** Moves the VM to a world with other filters; the clients stay connected. Pause in ms. */
  async migrate(filters: LaunchFilter[]): Promise<number> {
    const { harness } = this.#parts;
    const launch = await harness.makeLaunch([this.#disk], filters, true);
    const { pauseMs } = await this.#world.client.handOver(await harness.ticket(launch));
    const client = clientOf(launch);
    const status = await client.waitUntilReady();
    harness.adopt(status.pid);
    this.#world = { ...this.#world, launch, client, status };
    this.#filters = filters;
    this.#faultsSeen = 0;
    return pauseMs;
  }

  /** Throws Failure when the framework has found the filter at fault since the last call. */
  async requireNoFaults(): Promise<void> {
    const { filterFaults } = await this.#world.client.status();
    const name = this.#parts.filter?.name ?? '';
    const fresh = filterFaults.filter((each) => each.sequence > this.#faultsSeen);
    this.#faultsSeen = filterFaults.at(-1)?.sequence ?? this.#faultsSeen;
    const [first] = fresh.filter(({ filter }) => filter === name);
    if (!first) return;
    const message = `The framework found it at fault in ${first.operation}: ${first.message}`;
    throw new Failure(message);
  }

  /** Why the world has ended, from its log; null when it is alive. */
  async causeOfDeath(): Promise<string | null> {
    const { child, launch, status } = this.#world;
    if (child.exitCode === null && child.signalCode === null && isAlive(status.pid)) return null;
    const log = await readFile(launch.logPath, 'utf8').catch(() => '');
    const last = log
      .trim()
      .split('\n')
      .findLast((line) => /"level":(50|60)/.test(line));
    return last ?? `the process ended with ${child.exitCode ?? child.signalCode}`;
  }

  async #setProperties(
    wanted: LaunchFilter | null,
    properties: Record<string, string | number | boolean>,
  ): Promise<void> {
    const filters = this.#filters.map((filter) =>
      filter.name === wanted?.name ? { ...filter, properties } : filter,
    );
    await this.setFilters(filters);
  }

  #statisticsOf(sample: VmSample, name: string): Record<string, number> {
    const [disk] = sample.disks;
    return disk?.filters.find((filter) => filter.name === name)?.statistics ?? {};
  }

  #closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }
}

function filtersOf({ filter, probe }: TrialParts): LaunchFilter[] {
  return [filter, probe].filter((each) => each !== null);
}

async function startWorld(
  harness: WorldHarness,
  disk: HarnessDisk,
  filters: LaunchFilter[],
): Promise<RunningWorld> {
  return harness.start(await harness.makeLaunch([disk], filters));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It has ended.
    return false;
  }
}

function wordsFor({ command, offset = 0, length = 0, data }: TestRequest): string {
  return `NBD command ${command} at ${offset}, ${data?.length ?? length} bytes`;
}
