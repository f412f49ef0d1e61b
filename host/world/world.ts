// The world of one VM: opens its disks, serves them over NBD, and does what the host agent asks. It
// puts the parts together; what they do stands in host/disk, host/chain, host/nbd, host/migration
// and beside it in operations.
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import type { Random } from '#lib/base/random.ts';
import { Fault, type FaultRecord, toFaultRecord } from '#lib/model/fault.ts';
import type { VmSample } from '#lib/model/io.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import type { ProcessTable } from '../datastore/process-identity.ts';
import { keepSpare } from '../datastore/vmx/vmx-spare.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import type { ServedDisk } from '../disk/served-disk.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { type Destination, type HandedOver, handOver } from '../migration/hand-over.ts';
import { spawnDestination } from '../migration/spawn-destination.ts';
import { TakeOver } from '../migration/take-over.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { type Pause, quiesce } from '../nbd/quiesce.ts';
import { blame, messageOf } from './blame.ts';
import type { WorldState, WorldStatus } from './control.ts';
import { FilterNotices } from './filter-notices.ts';
import type { LaunchFilter, WorldLaunch } from './launch.ts';
import type { OperateParams, OperationResult } from './operations/operation.ts';
import { OperationDesk } from './operations/operation-desk.ts';
import { CommittedError, perform } from './operations/perform.ts';
import { resumeFrom } from './operations/suspend.ts';
import { requireSameDisks } from './same-disks.ts';
import { type DisksFlash, type LoadFilters, type StatesByDisk, WorldDisks } from './world-disks.ts';
import { WorldKeys } from './world-keys.ts';
import type { WorldServer } from './world-server.ts';

export interface WorldParts {
  launch: WorldLaunch;
  clock: Clock;
  random: Random;
  /** The machine's and the image's unless a test says otherwise. */
  files?: DiskFiles;
  /** The host's virtual flash resource; none when absent. */
  flash?: DisksFlash;
  processes?: ProcessTable;
  loadFilters?: LoadFilters;
  makeServer?(exports: readonly ServedDisk[]): WorldServer;
  startDestination?(ticket: HandoverTicket): Destination;
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
  readonly #desk = new OperationDesk();
  readonly #notices: FilterNotices;
  /** Of the disks' filters. */
  readonly keys: WorldKeys;
  readonly #disks: WorldDisks;
  #state: WorldState;
  #fault: FaultRecord | null = null;
  #server: WorldServer;
  /** False for a VM that is off, and for one that was suspended. */
  #isGuestOn: boolean;
  #sampledAt: number;
  #sampledCpu: number;

  constructor(parts: WorldParts) {
    const { launch, clock, random, files, flash, processes, loadFilters, log } = parts;
    this.#parts = parts;
    this.#state = 'starting';
    this.#isGuestOn = launch.serves;
    this.#notices = new FilterNotices({ clock, log });
    this.keys = new WorldKeys({ clock, random, awaited: launch.awaitsKeys ?? false });
    this.#disks = new WorldDisks({
      ...{ launch, clock, random, log, notices: this.#notices, keys: this.keys.ring },
      ...(files && { files }),
      ...(flash && { flash }),
      ...(processes && { processes }),
      ...(loadFilters && { loadFilters }),
      onLockLost: (reason) => this.fail(new Fault('FileLocked', reason)),
    });
    this.#server = this.#makeServer([]);
    this.#sampledAt = clock.monotonic();
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
    const { nbdHost, nbdPort, nbdSocketPath, statePath, serves } = this.#parts.launch;
    const filters = await this.#disks.loadFilters();
    await this.keys.arrived();
    if (statePath === null) await this.#openDisks(filters, null);
    else
      await resumeFrom(statePath, (states) => this.#openDisks(filters, states), this.#parts.files);
    try {
      if (serves) await this.#server.listenTcp({ host: nbdHost, port: nbdPort });
      if (serves) await this.#server.listenUnix(nbdSocketPath);
    } catch (thrown) {
      await this.#disks.closeAll();
      throw thrown;
    }
    this.#state = 'running';
  }

  async #openDisks(
    filters: ReadonlyMap<number, WantedFilter[]>,
    states: StatesByDisk | null,
  ): Promise<void> {
    this.#server = this.#makeServer(await this.#disks.openAll(filters, states ?? new Map()));
    await requireSameDisks(this.#parts.launch, this.#parts.files).catch(async (thrown: unknown) => {
      await this.#disks.closeAll();
      throw thrown;
    });
    const { homePath } = this.#parts.launch;
    if (homePath !== undefined) await keepSpare(homePath, this.#parts.files);
    // Of a suspended VM every filter hears of it, also when none had anything to remember.
    if (states === null) return;
    for (const disk of this.#disks.list) {
      const resumed = disk.announce('resume');
      await resumed.prepare();
      await resumed.done();
    }
  }

  fail(thrown: unknown): void {
    this.#state = 'faulted';
    this.#fault = toFaultRecord(thrown);
    this.#parts.log('error', this.#fault.message);
    this.#parts.onFaulted();
  }

  /** A promise was rejected and nobody looks. False when that is no filter's fault. */
  strayRejection(thrown: unknown): boolean {
    const filter = this.#blame(thrown);
    if (filter === null) return false;
    const disk = this.#disks.list.find((each) => each.filters.some(({ name }) => name === filter));
    const report = { filter, operation: 'promise', message: messageOf(thrown) };
    this.#notices.addFault(disk?.diskKey ?? 0, report);
    return true;
  }

  /**
   * An error came out of a callback that a filter gave to Node. Nobody knows in which state that
   * has left it: no I/O is done any more. False when it is no filter's fault.
   */
  strayException(thrown: unknown): boolean {
    const filter = this.#blame(thrown);
    if (filter === null) return false;
    const message = `The I/O filter ${filter} threw in a callback: ${messageOf(thrown)}`;
    this.#server.close();
    this.fail(new Fault('FilterFault', message, { data: { filter, operation: 'callback' } }));
    return true;
  }

  #blame(thrown: unknown): string | null {
    const { disks } = this.#parts.launch;
    return blame(
      thrown,
      disks.flatMap(({ filters }) => filters.map(({ name }) => name)),
    );
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
      disks: this.#disks.list.map((disk) => ({
        key: disk.diskKey,
        filters: disk.filters,
        connections: this.#server.connectionsOf(disk),
        waitingForSpace: disk.space.held,
        ...(disk.progress.length > 0 && { progress: disk.progress }),
      })),
      ...(this.keys.isWaiting && { awaitsKeys: true }),
      operation: this.#desk.shown,
      filterFaults: this.#notices.faults,
      filterEvents: this.#notices.events,
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
    const disks = this.#disks.list.map((disk) =>
      disk.sample(intervalMs, this.#server.connectionsOf(disk)),
    );
    return { at: clock.now(), intervalMs, cpu, residentBytes, disks };
  }

  /** Throws `NotFound` for a disk that the VM does not have. */
  disk(diskKey: number): ServedDisk {
    return this.#disks.find(diskKey);
  }

  setDiskFilters(diskKey: number, filters: readonly LaunchFilter[]): Promise<Pause> {
    return this.#exclusively(async () => {
      const disk = this.disk(diskKey);
      // Code is loaded before the pause, so that a bad filter costs the guest nothing.
      const wanted = await this.#disks.load(filters);
      const { clock } = this.#parts;
      const change = disk.announceChange(wanted);
      await change.prepare();
      let pause: Pause;
      try {
        pause = await quiesce({ server: this.#server, disks: [disk], clock }, async () => {
          await change.freeze();
          await disk.setFilters(wanted);
        });
      } catch (thrown) {
        await change.undone();
        throw thrown;
      }
      await disk.tellDone(change);
      this.#forgetKeys();
      return pause;
    });
  }

  /** Those that no disk wants any more. */
  #forgetKeys(): void {
    this.keys.keepOnly(this.#disks.list.flatMap((disk) => disk.filters));
  }

  /** Does an operation on whole disks; asked again by its mark, it is joined or answered again. */
  operate({ mark, operation, commit }: OperateParams): Promise<OperationResult> {
    return this.#desk.run(mark, (handle) =>
      this.#exclusively(async () => {
        const { clock, random, log, files = systemDiskFiles } = this.#parts;
        const server = this.#server;
        const parts = { ...handle, server, disks: this.#disks, clock, random, files, log, commit };
        try {
          const result = await perform(parts, operation);
          if (operation.kind === 'suspend') this.#isGuestOn = false;
          if (operation.kind === 'detach') this.#forgetKeys();
          return result;
        } catch (thrown) {
          // The files say that it has happened, and this process could not follow: the next will.
          if (thrown instanceof CommittedError) this.fail(thrown);
          throw thrown;
        }
      }),
    );
  }

  cancel(mark: string): void {
    this.#desk.cancel(mark);
  }

  /**
   * Hands the VM over; afterwards the process should end. Throws `MigrationFault` when it runs on
   * here.
   */
  handOver(ticket: HandoverTicket): Promise<HandedOver> {
    return this.#exclusively(async () => {
      const { clock, log, launch, environment, startDestination } = this.#parts;
      this.#state = 'migratingOut';
      try {
        return await handOver({
          server: this.#server,
          disks: this.#disks.list,
          clock,
          nbdHost: launch.nbdHost,
          start: (fds) =>
            startDestination?.(ticket) ?? spawnDestination({ ticket, fds, environment, clock }),
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
    const filters = await this.#disks.loadFilters();
    await this.keys.arrived();
    const { launch, log } = this.#parts;
    this.#state = 'waiting';
    return new TakeOver({
      openDisks: async (states) => {
        this.#server = this.#makeServer(await this.#disks.openAll(filters, states));
      },
      server: () => this.#server,
      nbdSocketPath: launch.nbdSocketPath,
      onServing: () => {
        // One that has lost its locks since it took them over stays what it is.
        if (this.#state !== 'waiting') return;
        this.#state = 'running';
        void this.#mutex.run(() => this.#disks.tellArrived());
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
      const disks = this.#disks.list;
      for (const disk of disks) disk.space.giveUp();
      const off = this.#isGuestOn ? disks.map((disk) => disk.announce('powerOff')) : [];
      try {
        for (const announcement of off) await announcement.prepare();
        await quiesce({ server, disks, clock: this.#parts.clock }, async () => {
          for (const announcement of off) await announcement.freeze();
          await server.repliesSent();
          server.close();
          for (const announcement of off) await announcement.done();
          await this.#disks.closeAll();
        });
      } catch (thrown) {
        // I/O that hangs must not keep the VM from stopping; clients see their connection end.
        this.#parts.log('warning', `Stopped with I/O under way: ${String(thrown)}`);
        server.close();
        await this.#disks.closeAll();
      }
    });
  }

  #makeServer(disks: readonly ServedDisk[]): WorldServer {
    const { clock, log, makeServer } = this.#parts;
    if (makeServer !== undefined) return makeServer(disks);
    return new NbdServer({ exports: disks, clock, log: (message) => log('info', message) });
  }
}
