// The simulated world of a VM: what host/world is for a real one, with a guest port in place of
// sockets. Lock, descriptor, files, filters, chain, quiescing and handover are the product's own.
import { Fault } from '#lib/model/fault.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { Heartbeats } from '../datastore/locking/heartbeats.ts';
import type { DiskPlace } from '../disk/disk-place.ts';
import { ServedDisk } from '../disk/served-disk.ts';
import { createRedoLog } from '../disk/snapshot-files.ts';
import { type Destination, handOver } from '../migration/hand-over.ts';
import type { HandoverState } from '../migration/handover-state.ts';
import { TakeOver } from '../migration/take-over.ts';
import { quiesce } from '../nbd/quiesce.ts';
import { GuestPort } from './guest-port.ts';
import type { SimProcess } from './machine.ts';
import { ProcessFiles, type Storage } from './process-files.ts';
import type { SeededRandom } from './seeded-random.ts';

const DISK_KEY = 2000;

export interface WorldParts {
  vmId: string;
  descriptorPath: string;
  process: SimProcess;
  storage: Storage;
  random: SeededRandom;
  /** It has the disk of that descriptor. */
  onOpened(descriptorPath: string): void;
  /** It serves guests. */
  onServing(world: SimWorld): void;
  /** A filter broke its contract, or threw. */
  onFilterFault(message: string): void;
}

export class SimWorld {
  readonly process: SimProcess;
  readonly parts: WorldParts;
  port: GuestPort | null = null;
  /** One change at a time. */
  busy = false;
  /** Everything was flushed, and this process is needed no more. */
  endsWell = false;
  #flushFailed = false;
  #disk: ServedDisk | null = null;

  constructor(parts: WorldParts) {
    this.parts = parts;
    this.process = parts.process;
  }

  get alive(): boolean {
    return this.process.alive;
  }

  get isServing(): boolean {
    return this.alive && this.port?.isOpen === true;
  }

  /** Opens the disk and serves. Throws what `ServedDisk.open` does. */
  async open(wanted: readonly WantedFilter[]): Promise<void> {
    await this.#openDisk(wanted, new Map());
    this.parts.onServing(this);
  }

  /** Flushes and ends. */
  async stop(): Promise<void> {
    const { disk, port } = this.#running();
    this.busy = true;
    const { clock } = this.process;
    await quiesce({ server: port, disks: [disk], clock }, async () => {
      port.close();
      await disk.close();
    });
    this.endsWell = !this.#flushFailed;
    this.process.kill();
  }

  async setFilters(wanted: readonly WantedFilter[]): Promise<void> {
    const { disk, port } = this.#running();
    await this.#alone(async () => {
      const { clock } = this.process;
      await quiesce({ server: port, disks: [disk], clock }, () => disk.setFilters(wanted));
    });
  }

  /**
   * A redo log takes the disk's place, in the order of host/world/operations. `commit` is the
   * moment at which it has happened. Throws when it has not, or when this world cannot follow.
   */
  async snapshot(descriptorPath: string, commit: () => void): Promise<void> {
    const { disk, port } = this.#running();
    await this.#alone(async () => {
      const { process, storage, random } = this.parts;
      const { clock } = process;
      const files = new ProcessFiles(storage, process);
      const announcement = disk.announce('snapshotCreate');
      const next: Partial<DiskPlace> = {};
      try {
        await announcement.prepare();
        const parentDescriptorPath = disk.descriptorPath;
        const names = { parentDescriptorPath, childDescriptorPath: descriptorPath };
        await createRedoLog({ ...names, files, random });
        const lock = await disk.lockOf(descriptorPath);
        next.lock = lock;
        await quiesce({ server: port, disks: [disk], clock }, async () => {
          await announcement.freeze();
          await disk.flush();
          const backing = await disk.openPlace(descriptorPath);
          next.backing = backing;
          await files.syncDirectory(descriptorPath);
          commit();
          const before = disk.changeBacking({ backing, lock, descriptorPath });
          this.parts.onOpened(descriptorPath);
          await before.backing.close();
          await before.lock.release();
        });
      } catch (thrown) {
        await announcement.undone();
        if (disk.descriptorPath !== descriptorPath) {
          await next.backing?.close();
          await next.lock?.release();
        }
        throw thrown;
      }
      await announcement.done();
    });
  }

  /** Throws `MigrationFault` when the VM runs on here; else this world ends. */
  async handOver(destination: SimWorld, wanted: readonly WantedFilter[]): Promise<void> {
    const { disk, port } = this.#running();
    await this.#alone(async () => {
      await handOver({
        server: port,
        disks: [disk],
        clock: this.process.clock,
        nbdHost: '',
        start: () => new SimDestination(this, destination, wanted),
        log: () => undefined,
      });
    });
    this.endsWell = true;
    this.process.kill();
  }

  /** The destination's half of a handover. */
  waitForHandover(wanted: readonly WantedFilter[]): TakeOver {
    return new TakeOver({
      openDisks: (states) => this.#openDisk(wanted, states.get(DISK_KEY) ?? new Map()),
      server: () => this.#running().port,
      nbdSocketPath: '',
      onServing: () => this.parts.onServing(this),
      log: () => undefined,
    });
  }

  async #openDisk(
    wanted: readonly WantedFilter[],
    states: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    const { vmId, descriptorPath, process, storage, random } = this.parts;
    const { host } = process;
    const files = new ProcessFiles(storage, process);
    const disk = await ServedDisk.open(
      {
        key: DISK_KEY,
        name: 'scsi0:0',
        id: descriptorPath,
        descriptorPath,
        owner: { hostUuid: host.name, hostName: host.name, vmId },
        clock: process.clock,
        random,
        files,
        processes: process.table,
        heartbeats: new Heartbeats({ clock: process.clock, random, files }),
        // The last flush of a disk that was closed has failed.
        log: (level) => {
          if (level === 'error') this.#flushFailed = true;
        },
        onFilterFault: (_, { filter, operation, message }) =>
          this.parts.onFilterFault(`${filter} (${operation}): ${message}`),
        onFilterEvent: () => undefined,
        // A world ends itself when its disk is another's.
        onLockLost: () => process.run(process.localNow, () => process.kill()),
      },
      wanted,
      states,
    );
    this.#disk = disk;
    this.port = new GuestPort(process, disk);
    this.parts.onOpened(descriptorPath);
  }

  #running(): { disk: ServedDisk; port: GuestPort } {
    const { port } = this;
    const disk = this.#disk;
    if (disk !== null && port !== null && !this.busy) return { disk, port };
    throw new Fault('InvalidState', 'The simulated world is not running, or busy.');
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
    } finally {
      this.busy = false;
    }
  }
}

/** Longest answers of the destination, as in host/migration/spawn-destination.ts. */
const ACTIVATE_MS = 20_000;
const GO_ON_MS = 5_000;

class SimDestination implements Destination {
  readonly #source: SimWorld;
  readonly #world: SimWorld;
  readonly #takeOver: TakeOver;

  constructor(source: SimWorld, world: SimWorld, wanted: readonly WantedFilter[]) {
    this.#source = source;
    this.#world = world;
    this.#takeOver = world.waitForHandover(wanted);
    source.process.onEnd(() => {
      world.process.run(world.process.localNow, () => {
        this.#takeOver.sourceGone();
        // One that waits for a dead source is ended by its agent.
        if (!world.isServing) world.process.kill();
      });
    });
  }

  ready(): Promise<void> {
    return this.#ask(ACTIVATE_MS, () => Promise.resolve());
  }

  activate(state: HandoverState): Promise<void> {
    return this.#ask(ACTIVATE_MS, () => this.#takeOver.activate(state));
  }

  goOn(): Promise<void> {
    return this.#ask(GO_ON_MS, async () => {
      const { port } = this.#source;
      if (port !== null) this.#world.port?.takeWaiting(port);
      this.#takeOver.goOn();
    });
  }

  async kill(): Promise<void> {
    const { process } = this.#world;
    process.kill();
    const { clock } = this.#source.process;
    while (!process.isGone) await new Promise<void>((resolve) => clock.after(5, resolve));
  }

  detach(): void {
    // It is its own process already.
  }

  /** A call from one process to another, either of which may end meanwhile. */
  #ask(limitMs: number, work: () => Promise<void>): Promise<void> {
    const from = this.#source.process;
    const to = this.#world.process;
    return new Promise((resolve, reject) => {
      const fail = (message: string) => (): void => {
        from.run(from.localNow, () => reject(new Fault('HostNotReachable', message)));
      };
      to.onEnd(fail('The destination has ended.'));
      from.clock.after(limitMs, fail('The destination does not answer.'));
      to.run(to.localNow + 0.1, () => {
        work().then(
          () => from.run(from.localNow + 0.1, resolve),
          (thrown: unknown) => from.run(from.localNow, () => reject(thrown)),
        );
      });
    });
  }
}
