// The world of one VM: opens its disks, serves them over NBD, and does what the host agent asks. It
// puts the parts together; what they do stands in host/disk, host/chain, host/nbd and
// host/migration.
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import type { Random } from '#lib/base/random.ts';
import { Fault, type FaultRecord, toFaultRecord } from '#lib/model/fault.ts';
import type { VmSample } from '#lib/model/io.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import type { FilterFaultReport } from '../chain/chain.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { loadFilter } from '../chain/load-filter.ts';
import type { FilterEventReport } from '../disk/disk-filters.ts';
import { ServedDisk, type ServedDiskParts } from '../disk/served-disk.ts';
import { type HandedOver, handOver } from '../migration/hand-over.ts';
import { spawnDestination } from '../migration/spawn-destination.ts';
import { TakeOver } from '../migration/take-over.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { type Pause, quiesce } from '../nbd/quiesce.ts';
import type { WorldState, WorldStatus } from './control.ts';
import type { LaunchDisk, LaunchFilter, WorldLaunch } from './launch.ts';

const FILTER_FAULTS_KEPT = 100;
const FILTER_EVENTS_KEPT = 100;

export interface WorldParts {
  launch: WorldLaunch;
  clock: Clock;
  random: Random;
  pid: number;
  /** What a world that this one starts inherits of the environment. */
  environment: Readonly<Record<string, string>>;
  /** CPU time of this process in microseconds, and its resident bytes. */
  resources(): { cpuMicroseconds: number; residentBytes: number };
  log(level: 'info' | 'warning' | 'error', message: string): void;
  /** The world can no longer do its work; the process should end. */
  onFaulted(): void;
}

export class World {
  readonly #parts: WorldParts;
  /** Changes of disks and life, one at a time. */
  readonly #mutex = new Mutex();
  #state: WorldState;
  #fault: FaultRecord | null = null;
  #disks: ServedDisk[] = [];
  #server: NbdServer;
  #filterFaults: WorldStatus['filterFaults'] = [];
  #faultSequence = 0;
  #filterEvents: WorldStatus['filterEvents'] = [];
  #eventSequence = 0;
  #sampledAt: number;
  #sampledCpu: number;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#state = 'starting';
    this.#server = this.#makeServer([]);
    this.#sampledAt = parts.clock.monotonic();
    this.#sampledCpu = parts.resources().cpuMicroseconds;
  }

  get state(): WorldState {
    return this.#state;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Opens all disks and listens; on a throw everything that was opened is closed again. */
  async open(): Promise<void> {
    await this.#openDisks(await this.#loadFilters(), new Map());
    const { nbdHost, nbdPort, nbdSocketPath } = this.#parts.launch;
    try {
      await this.#server.listenTcp({ host: nbdHost, port: nbdPort });
      await this.#server.listenUnix(nbdSocketPath);
    } catch (thrown) {
      await this.#closeDisks();
      throw thrown;
    }
    this.#state = 'running';
  }

  /** The code of every disk's filters, by disk key. Throws `CannotOpenDisk`. */
  async #loadFilters(): Promise<Map<number, WantedFilter[]>> {
    const loaded = new Map<number, WantedFilter[]>();
    for (const { key, filters } of this.#parts.launch.disks) {
      loaded.set(key, await loadAll(filters));
    }
    return loaded;
  }

  /** Takes the locks and opens the disks; all or none. */
  async #openDisks(
    filters: ReadonlyMap<number, WantedFilter[]>,
    states: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>,
  ): Promise<void> {
    try {
      for (const disk of this.#parts.launch.disks) {
        const wanted = filters.get(disk.key) ?? [];
        const served = await ServedDisk.open(this.#diskParts(disk), wanted, states.get(disk.key));
        this.#disks.push(served);
      }
    } catch (thrown) {
      await this.#closeDisks();
      throw thrown;
    }
    this.#server = this.#makeServer(this.#disks);
  }

  /** Closes the disks: filters, flush, locks. */
  async #closeDisks(): Promise<void> {
    const disks = this.#disks;
    this.#disks = [];
    for (const disk of disks) await disk.close();
  }

  fail(thrown: unknown): void {
    this.#state = 'faulted';
    this.#fault = toFaultRecord(thrown);
    this.#parts.log('error', this.#fault.message);
    this.#parts.onFaulted();
  }

  /** Runs work that changes the world, one at a time; `InvalidState` unless it is running. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(() => {
      if (this.#state === 'running') return work();
      throw new Fault('InvalidState', `The virtual machine's process is ${this.#state}.`);
    });
  }

  status(): WorldStatus {
    const { launch, pid } = this.#parts;
    return {
      vmId: launch.vm.vmId,
      pid,
      state: this.#state,
      fault: this.#fault,
      nbdPort: this.#server.port,
      nbdSocketPath: launch.nbdSocketPath,
      disks: this.#disks.map((disk) => ({
        key: disk.diskKey,
        filters: disk.filters,
        connections: this.#server.connectionsOf(disk),
      })),
      filterFaults: this.#filterFaults,
      filterEvents: this.#filterEvents,
    };
  }

  sample(): VmSample {
    const { clock, resources } = this.#parts;
    const now = clock.monotonic();
    const intervalMs = now - this.#sampledAt;
    const { cpuMicroseconds, residentBytes } = resources();
    const cpu = (cpuMicroseconds - this.#sampledCpu) / 1000 / Math.max(intervalMs, 1);
    this.#sampledAt = now;
    this.#sampledCpu = cpuMicroseconds;
    const disks = this.#disks.map((disk) =>
      disk.sample(intervalMs, this.#server.connectionsOf(disk)),
    );
    return { at: clock.now(), intervalMs, cpu, residentBytes, disks };
  }

  /** Throws `NotFound` for a disk that the VM does not have. */
  disk(diskKey: number): ServedDisk {
    const found = this.#disks.find((each) => each.diskKey === diskKey);
    if (found) return found;
    throw new Fault('NotFound', `The virtual machine has no disk with the key ${diskKey}.`);
  }

  setDiskFilters(diskKey: number, filters: readonly LaunchFilter[]): Promise<Pause> {
    return this.#exclusively(async () => {
      const disk = this.disk(diskKey);
      // Code is loaded before the pause, so that a bad filter costs the guest nothing.
      const wanted = await loadAll(filters);
      const { clock } = this.#parts;
      return quiesce({ server: this.#server, disks: [disk], clock }, () => disk.setFilters(wanted));
    });
  }

  /**
   * Hands the VM over; afterwards the process should end. Throws `MigrationFault` when it runs on
   * here.
   */
  handOver(ticket: HandoverTicket): Promise<HandedOver> {
    return this.#exclusively(async () => {
      const { clock, log, launch, environment } = this.#parts;
      this.#state = 'migratingOut';
      try {
        return await handOver({
          server: this.#server,
          disks: this.#disks,
          clock,
          nbdHost: launch.nbdHost,
          start: (fds) => spawnDestination({ ticket, fds, environment, clock }),
          log,
        });
      } catch (thrown) {
        if (!(thrown instanceof Fault && thrown.fault === 'MigrationFault')) this.fail(thrown);
        else this.#state = 'running';
        throw thrown;
      }
    });
  }

  /** Waits for another world to hand the VM over, filters loaded. Throws `CannotOpenDisk`. */
  async waitForHandover(): Promise<TakeOver> {
    const filters = await this.#loadFilters();
    const { launch, log } = this.#parts;
    this.#state = 'waiting';
    return new TakeOver({
      openDisks: (states) => this.#openDisks(filters, states),
      server: () => this.#server,
      nbdSocketPath: launch.nbdSocketPath,
      onServing: () => {
        this.#state = 'running';
      },
      log,
    });
  }

  /** Ends I/O in good order; the process should end then. */
  stop(): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#state === 'stopping') return;
      const server = this.#server;
      this.#state = 'stopping';
      try {
        await quiesce({ server, disks: this.#disks, clock: this.#parts.clock }, async () => {
          await server.repliesSent();
          server.close();
          await this.#closeDisks();
        });
      } catch (thrown) {
        // I/O that hangs must not keep the VM from stopping; clients see their connection end.
        this.#parts.log('warning', `Stopped with I/O under way: ${String(thrown)}`);
        server.close();
        await this.#closeDisks();
      }
    });
  }

  #makeServer(disks: readonly ServedDisk[]): NbdServer {
    const { clock, log } = this.#parts;
    return new NbdServer({ exports: disks, clock, log: (message) => log('info', message) });
  }

  #diskParts({ key, descriptorPath }: LaunchDisk): ServedDiskParts {
    const { launch, clock, random, log } = this.#parts;
    const spec = launch.vm.disks.find((disk) => disk.key === key);
    if (!spec) throw new Fault('InvalidArgument', `No disk of the VM has the key ${key}.`);
    return {
      key,
      name: spec.unit,
      id: spec.path,
      descriptorPath,
      owner: { ...launch.owner, vmId: launch.vm.vmId },
      clock,
      random,
      log,
      onFilterFault: (diskKey, report) => this.#onFilterFault(diskKey, report),
      onFilterEvent: (diskKey, report) => this.#onFilterEvent(diskKey, report),
      onLockLost: (reason) => this.fail(new Fault('FileLocked', reason)),
    };
  }

  #onFilterFault(diskKey: number, { filter, operation, message }: FilterFaultReport): void {
    this.#faultSequence += 1;
    const at = this.#parts.clock.now();
    const entry = { sequence: this.#faultSequence, at, diskKey, filter, operation, message };
    this.#filterFaults = [...this.#filterFaults.slice(1 - FILTER_FAULTS_KEPT), entry];
    // One that fails on every I/O must not fill the disk with its complaints.
    const loud = this.#faultSequence <= FILTER_FAULTS_KEPT || this.#faultSequence % 1000 === 0;
    if (loud) this.#parts.log('error', `The filter ${filter} failed in ${operation}: ${message}`);
  }

  #onFilterEvent(diskKey: number, report: FilterEventReport): void {
    this.#eventSequence += 1;
    const entry = {
      ...{ sequence: this.#eventSequence, at: this.#parts.clock.now(), diskKey },
      ...report,
    };
    this.#filterEvents = [...this.#filterEvents.slice(1 - FILTER_EVENTS_KEPT), entry];
    this.#parts.log(report.severity, `${report.filter}: ${report.message}`);
  }
}

async function loadAll(filters: readonly LaunchFilter[]): Promise<WantedFilter[]> {
  const wanted: WantedFilter[] = [];
  for (const filter of filters) {
    const definition = await loadFilter(filter);
    wanted.push({ definition, codeId: filter.entrySha256, properties: filter.properties });
  }
  return wanted;
}
