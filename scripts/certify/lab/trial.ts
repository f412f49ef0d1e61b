// One disk under one world with the filter on trial, the difficult drive below it, and a client.
// Whatever goes wrong is a Failure, whose message says what a filter's author has to know.
import type { Commit } from '#host/datastore/commit-files.ts';
import { TestClient, type TestReply, type TestRequest } from '#host/nbd/test-client.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import type { Operation } from '#host/world/operations/operation.ts';
import {
  clientOf,
  type HarnessDisk,
  type RunningWorld,
  type WorldHarness,
} from '#host/world/world-harness.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VmSample } from '#lib/model/io.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { IncomingWorld, isAlive, isRunning } from './incoming-world.ts';
import { otherPlace, type Place, type TrialHosts, wantsKeys } from './trial-hosts.ts';
import { errorsLogged, errorThrown } from './world-log.ts';

/** An I/O that takes longer hangs. */
const ANSWER_MS = 30_000;
const END_MS = 60_000;
/** A busy machine may take long. */
const START_MS = 120_000;
const POLL_MS = 10;
/** Two worlds agree by then on who serves, when a third process has ended one of them. */
const SURVIVOR_MS = 60_000;

const LOCK_LOST = /could not be renewed in time/;

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
  /** Whether the framework looks closely at what the filter does with its I/Os. */
  checked: boolean;
  /** False when the filter comes later. */
  attached?: boolean;
  /** Where it runs; without, each world is on a host of its own that has nothing. */
  hosts?: TrialHosts;
}

export class Trial {
  readonly #parts: TrialParts;
  #disk: HarnessDisk;
  readonly #clients = new Set<TestClient>();
  #world: RunningWorld;
  #filters: LaunchFilter[];
  #place: Place = 'here';
  #faultsSeen = 0;
  #operations = 0;
  /** The world's process has ended; its number may be another's by now. */
  #over = false;
  /** Where the last migration went. */
  #incoming: IncomingWorld | null = null;

  private constructor(parts: TrialParts, disk: HarnessDisk, world: RunningWorld) {
    this.#parts = parts;
    this.#disk = disk;
    this.#world = world;
    this.#filters = filtersOf(parts);
  }

  static async start(parts: TrialParts): Promise<Trial> {
    return Trial.over(await parts.harness.makeDisk(parts.diskIndex, parts.sizeBytes), parts);
  }

  /** On a disk that is there already. */
  static async over(disk: HarnessDisk, parts: TrialParts): Promise<Trial> {
    const world = await startWorld(parts, { disk, filters: filtersOf(parts), place: 'here' });
    return new Trial(parts, disk, world);
  }

  /** What it was started with. */
  get parts(): TrialParts {
    return this.#parts;
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

  /** Which of the two hosts it is on. */
  get place(): Place {
    return this.#place;
  }

  /** Of a disk that no world has open: the next one will be there. */
  moveTo(place: Place): void {
    this.#place = place;
  }

  async connect(): Promise<TestClient> {
    const client = await TestClient.connect({ path: this.#world.launch.nbdSocketPath });
    this.#clients.add(client);
    return client;
  }

  /** Whoever has no more I/O for it: a world bears so many connections and no more. */
  disconnect(client: TestClient): void {
    this.#clients.delete(client);
    client.close();
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

  /** Whether the world's process is there still. */
  get isAlive(): boolean {
    return !this.#over && isAlive(this.#world.status.pid);
  }

  /** The world has ended by itself, as when the filter on trial was made to end it. */
  async ended(): Promise<void> {
    await this.#ended();
    this.#closeClients();
  }

  /** kill -9, and the disk opened again by another world. */
  async crash(): Promise<void> {
    await this.kill();
    await this.reopen();
  }

  async kill(): Promise<void> {
    process.kill(this.#world.status.pid, 'SIGKILL');
    await this.#ended();
    this.#closeClients();
  }

  /** Ends the world if it runs still. */
  abandon(): void {
    const { pid } = this.#world.status;
    if (!this.#over && isAlive(pid)) process.kill(pid, 'SIGKILL');
    this.#over = true;
    this.#closeClients();
  }

  async reopen(filters = this.#filters, statePath: string | null = null): Promise<void> {
    this.#filters = filters;
    this.#faultsSeen = 0;
    this.#over = false;
    const place = this.#place;
    this.#world = await startWorld(this.#parts, { disk: this.#disk, filters, statePath, place });
  }

  /**
   * An operation on the disk as a whole, made durable by the commit if there is one. Null, or the
   * reason for which a filter has refused it, as it may.
   */
  async operate(operation: Operation, commit: Commit | null = null): Promise<string | null> {
    this.#operations += 1;
    const mark = commit?.mark ?? `certify-${this.#operations}`;
    try {
      await this.#world.client.operate({ mark, operation, commit });
      return null;
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.fault === 'FilterFault') return thrown.message;
      throw thrown;
    }
  }

  /** The disk has another descriptor now. */
  movedTo(descriptorPath: string): void {
    this.#disk = { ...this.#disk, descriptorPath };
  }

  /** Suspend to a file, and resume from it. Null, or why a filter has refused. */
  async suspendAndResume(): Promise<string | null> {
    const statePath = `${this.#disk.descriptorPath}.vmss`;
    const refusal = await this.operate({ kind: 'suspend', statePath });
    if (refusal !== null) return refusal;
    await this.stop();
    await this.reopen(this.#filters, statePath);
    return null;
  }

  /** A power off in good order, and on again. */
  async restart(filters = this.#filters): Promise<void> {
    await this.stop();
    await this.reopen(filters);
  }

  async stop(): Promise<void> {
    await this.#world.client.stop();
    await this.#ended();
    this.#closeClients();
  }

  /** Puts other filters on the running disk. */
  async setFilters(filters: LaunchFilter[]): Promise<void> {
    const { client } = this.#world;
    if (wantsKeys(filters)) await client.putKeys(this.#keys);
    await client.setDiskFilters(this.#disk.key, this.#parts.hosts?.told(filters) ?? filters);
    this.#filters = filters;
  }

  setCandidate(properties: Record<string, string | number | boolean>): Promise<void> {
    const { filter } = this.#parts;
    const all = { ...filter?.properties, ...properties };
    const filters = this.#filters.map((each) =>
      each.name === filter?.name ? { ...each, properties: all } : each,
    );
    return this.setFilters(filters);
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
    const { harness, hosts, checked } = this.#parts;
    const told = hosts?.told(filters) ?? filters;
    const made = { ...(await harness.makeLaunch([this.#disk], told, true)), checked };
    const launch = hosts?.launchAt(otherPlace(this.#place), made) ?? made;
    const onPid = (pid: number): void => harness.adopt(pid);
    const incoming = new IncomingWorld(launch, { onPid, keys: this.#keys });
    this.#incoming = incoming;
    try {
      const { pauseMs } = await this.#world.client.handOver(await harness.ticket(launch));
      this.#follow(incoming, await incoming.ready());
      this.#filters = filters;
      return pauseMs;
    } finally {
      incoming.stopWatching();
    }
  }

  /**
   * After a migration in which a process was ended: goes on with the one that serves, if there is
   * one, and with new clients. Nobody else is left.
   */
  async goOnWithSurvivor(): Promise<'source' | 'destination' | 'none'> {
    const incoming = this.#incoming;
    this.#closeClients();
    for (let waitedMs = 0; waitedMs < SURVIVOR_MS; waitedMs += POLL_MS) {
      if (await isRunning(this.#world.client)) {
        incoming?.end();
        return 'source';
      }
      if (incoming && (await isRunning(incoming.client))) {
        this.#follow(incoming, await incoming.ready());
        return 'destination';
      }
      if (!this.isAlive && !incoming?.isAlive) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.abandon();
    incoming?.end();
    return 'none';
  }

  #follow({ launch, client }: IncomingWorld, status: RunningWorld['status']): void {
    this.#world = { ...this.#world, launch, client, status };
    this.#place = otherPlace(this.#place);
    this.#faultsSeen = 0;
    this.#over = false;
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

  /** What the world's process has said last of what kept it from going on; null if nothing. */
  async lastWords(): Promise<string | null> {
    return (await errorsLogged(this.#logPath)).at(-1) ?? (await errorThrown(this.#logPath));
  }

  /** Whether the machine was too busy to let a world renew its locks: no fault of the filter's. */
  async wasStarved(reason: string): Promise<boolean> {
    return [reason, ...(await errorsLogged(this.#logPath))].some((each) => LOCK_LOST.test(each));
  }

  /** Waits for the end of the world's process, whoever has started it. */
  async #ended(): Promise<void> {
    const { pid } = this.#world.status;
    for (let waitedMs = 0; waitedMs < END_MS; waitedMs += 5) {
      if (!isAlive(pid)) {
        this.#over = true;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    process.kill(pid, 'SIGKILL');
    throw new Failure(`The process of the VM did not end within ${END_MS / 1000} s.`);
  }

  #statisticsOf(sample: VmSample, name: string): Record<string, number> {
    const [disk] = sample.disks;
    return disk?.filters.find((filter) => filter.name === name)?.statistics ?? {};
  }

  /** Of the last world. */
  get #logPath(): string {
    return this.#world.launch.logPath;
  }

  get #keys(): GivenKey[] {
    return this.#parts.hosts?.keys ?? [];
  }

  #closeClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }
}

function filtersOf({ filter, probe, attached = true }: TrialParts): LaunchFilter[] {
  return [attached ? filter : null, probe].filter((each) => each !== null);
}

interface Opening {
  disk: HarnessDisk;
  filters: LaunchFilter[];
  place: Place;
  statePath?: string | null;
}

async function startWorld(
  { harness, checked, hosts }: TrialParts,
  { disk, filters, place, statePath = null }: Opening,
): Promise<RunningWorld> {
  const told = hosts?.told(filters) ?? filters;
  const made = { ...(await harness.makeLaunch([disk], told)), checked, statePath };
  const launch = hosts?.launchAt(place, made) ?? made;
  if (!hosts || !launch.awaitsKeys) return harness.start(launch, START_MS);
  let isOver = false;
  const started = harness.start(launch, START_MS).finally(() => {
    isOver = true;
  });
  // Awaited below; a rejection before that is not lost.
  started.catch(() => undefined);
  const client = clientOf(launch);
  const limits = { timeoutMs: START_MS, isAlive: () => !isOver };
  const give = async () => void (await client.putKeys(hosts.keys));
  // What keeps the keys from it is said by the start.
  await client.whenThere(limits, give).catch(() => undefined);
  return started;
}

function wordsFor({ command, offset = 0, length = 0, data }: TestRequest): string {
  const name = Object.entries(COMMANDS).find(([, number]) => number === command)?.[0];
  if (command === COMMANDS.flush) return 'a flush';
  return `a ${name} of ${data?.length ?? length} bytes at ${offset}`;
}
