// One disk of a running VM: its lock, its flat extents, its chain of filters, its numbers.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { iofilters, type VmdkDescriptor, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { DiskSample, IoTraceEntry } from '#lib/model/io.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { Chain, type FilterFaultReport } from '../chain/chain.ts';
import type { ChainIo } from '../chain/chain-io.ts';
import { changeFilters, type WantedFilter } from '../chain/change-filters.ts';
import { closeFilters, saveFilterStates } from '../chain/close-filters.ts';
import { DiskMeter, takeLatency } from '../chain/disk-meter.ts';
import { IoTracer } from '../chain/io-tracer.ts';
import { type OpenFilter, openFilter } from '../chain/open-filter.ts';
import { readDescriptor, writeDescriptor } from '../datastore/descriptor-file.ts';
import { acquireDiskLock, type DiskLock } from '../datastore/disk-lock.ts';
import type { LockOwner } from '../datastore/lock-record.ts';
import type { NbdExport } from '../nbd/nbd-export.ts';
import { FlatDisk } from './flat-disk.ts';

export interface ServedDiskParts {
  key: number;
  /** The unit, `scsi0:0`. */
  name: string;
  /** For filters and messages: the path in the datastore. */
  id: string;
  descriptorPath: string;
  owner: LockOwner;
  clock: Clock;
  random: Random;
  log(level: 'info' | 'warning' | 'error', message: string): void;
  onFilterFault(diskKey: number, report: FilterFaultReport): void;
  /** The lock is gone and all I/O fails; the world should end. */
  onLockLost(reason: string): void;
}

export class ServedDisk implements NbdExport {
  readonly diskKey: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly meter = new DiskMeter();
  readonly #parts: ServedDiskParts;
  #disk: FlatDisk;
  #lock: DiskLock;
  readonly #tracer: IoTracer;
  #chain: Chain;
  /** While given away: what the filters saved. */
  #suspended: ReadonlyMap<string, Uint8Array> | null = null;

  private constructor(parts: ServedDiskParts, disk: FlatDisk, lock: DiskLock) {
    this.#parts = parts;
    this.diskKey = parts.key;
    this.name = parts.name;
    this.sizeBytes = disk.sizeBytes;
    this.#disk = disk;
    this.#lock = lock;
    this.#tracer = new IoTracer(parts.clock);
    this.#chain = this.#makeChain([]);
  }

  /**
   * Takes the lock, opens extents and filters. Throws `FileLocked`, `InvalidDiskFormat`,
   * `FileNotFound`, or `CannotOpenDisk` naming disk and filter when the descriptor names one that
   * is not wanted or it does not open.
   */
  static async open(
    parts: ServedDiskParts,
    wanted: readonly WantedFilter[],
    states: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<ServedDisk> {
    const { descriptorPath, owner, clock, random } = parts;
    // Refused before the lock is taken: a disk that cannot be opened should not make others wait.
    requireNamed(parts, await readDescriptor(descriptorPath), wanted);
    const lock = await acquireDiskLock({ descriptorPath, owner, clock, random });
    let disk: FlatDisk | null = null;
    try {
      const descriptor = await readDescriptor(descriptorPath);
      requireNamed(parts, descriptor, wanted);
      disk = await FlatDisk.open(descriptorPath, clock);
      const served = new ServedDisk(parts, disk, lock);
      await served.#openFilters(wanted, states, descriptor);
      lock.onLost((reason) => parts.onLockLost(reason));
      return served;
    } catch (thrown) {
      disk?.close();
      await lock.release();
      throw thrown;
    }
  }

  get filters(): DiskFilter[] {
    return this.#chain.filters.map(({ name, class: filterClass, properties }) => ({
      name,
      class: filterClass,
      properties: { ...properties },
    }));
  }

  get inFlight(): number {
    return this.#chain.inFlight;
  }

  letGo(): void {
    this.#chain.letGo();
  }

  isServing(): boolean {
    return this.#lock.isHeld();
  }

  submit(io: ChainIo): boolean {
    return this.#chain.submit(io);
  }

  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    // What a total filter keeps below is not what the guest sees above: then everything is called
    // data.
    if (this.#chain.filters.some(({ definition }) => definition.kind === 'total')) {
      return Promise.resolve([{ length, flags: 0 }]);
    }
    return this.#disk.blockStatus(offset, length);
  }

  /** The newest traced I/Os; asking makes the disk trace every I/O for some seconds. */
  trace(afterSequence: number, limit: number): IoTraceEntry[] {
    return this.#tracer.read(afterSequence, limit);
  }

  /** Rebuilds the chain; on a throw it is as before. No I/O may be in flight. */
  async setFilters(wanted: readonly WantedFilter[]): Promise<void> {
    const { descriptorPath } = this.#parts;
    const change = await changeFilters(this.#chain.filters, wanted, {
      open: (filter, state) => this.#openFilter(filter, state),
      onFault: (report) => this.#report(report),
    });
    try {
      const names = change.filters.map(({ name }) => name);
      await writeDescriptor(
        descriptorPath,
        withIofilters(await readDescriptor(descriptorPath), names),
      );
    } catch (thrown) {
      change.takeBack();
      await this.#close(change.opened);
      throw thrown;
    }
    this.#chain = this.#makeChain(change.filters);
    await this.#close(change.removed);
  }

  /**
   * Gives the disk away for another process to open: filters are closed, data durable, the lock
   * free. Returns the filters' states by name. No I/O may be in flight. On a throw, and to have it
   * back, call `resume`.
   */
  async suspend(): Promise<Map<string, Uint8Array>> {
    const states = saveFilterStates(this.#chain.filters);
    const error = await this.#disk.flush();
    if (error !== 0) {
      const message = `The virtual disk ${this.#parts.id} cannot be flushed: ${errnoName(error)}.`;
      throw new Fault('FileFault', message);
    }
    this.#suspended = states;
    await this.#close(this.#chain.filters);
    this.#disk.close();
    await this.#lock.release();
    return states;
  }

  /** Takes the disk back; nothing to do unless it was suspended. Throws as `open` does. */
  async resume(): Promise<void> {
    const states = this.#suspended;
    if (states === null) return;
    const { descriptorPath, owner, clock, random } = this.#parts;
    this.#lock = await acquireDiskLock({ descriptorPath, owner, clock, random });
    this.#disk = await FlatDisk.open(descriptorPath, clock);
    const wanted = this.#chain.filters;
    await this.#openFilters(wanted, states, await readDescriptor(descriptorPath));
    this.#lock.onLost((reason) => this.#parts.onLockLost(reason));
    this.#suspended = null;
  }

  /** Closes filters, makes everything durable, gives the lock free. No I/O may be in flight. */
  async close(): Promise<void> {
    if (this.#suspended !== null) return;
    await this.#close(this.#chain.filters);
    if (this.#lock.isHeld()) {
      const error = await this.#disk.flush();
      if (error !== 0) {
        const what = `The last flush of ${this.#parts.id} failed`;
        this.#parts.log('error', `${what}: ${errnoName(error)}.`);
      }
    }
    this.#disk.close();
    await this.#lock.release();
  }

  sample(intervalMs: number, connections: number): DiskSample {
    const { filters, meters } = this.#chain;
    return {
      diskKey: this.diskKey,
      ...this.meter.take(intervalMs, this.#parts.clock.monotonic()),
      connections,
      filters: filters.map((filter, index) => {
        const meter = meters[index];
        const ios = meter?.ios ?? 0;
        if (meter) meter.ios = 0;
        return {
          name: filter.name,
          iops: (ios * 1000) / Math.max(intervalMs, 1),
          latency: meter ? takeLatency(meter.latency) : null,
          statistics: this.#statisticsOf(filter),
        };
      }),
    };
  }

  async #openFilters(
    wanted: readonly WantedFilter[],
    states: ReadonlyMap<string, Uint8Array>,
    descriptor: VmdkDescriptor,
  ): Promise<void> {
    const opened: OpenFilter[] = [];
    try {
      for (const filter of wanted) {
        opened.push(this.#openFilter(filter, states.get(filter.definition.name) ?? null));
      }
      const names = opened.map(({ name }) => name);
      if (names.join() !== iofilters(descriptor).join()) {
        await writeDescriptor(this.#parts.descriptorPath, withIofilters(descriptor, names));
      }
    } catch (thrown) {
      await this.#close(opened);
      throw thrown;
    }
    this.#chain = this.#makeChain(opened);
  }

  #openFilter(filter: WantedFilter, state: Uint8Array | null): OpenFilter {
    const { id, clock, log } = this.#parts;
    const { name } = filter.definition;
    return openFilter({
      ...filter,
      disk: { id, sizeBytes: this.sizeBytes, sectorBytes: SECTOR_BYTES },
      state,
      clock,
      log: (level, message) => log(level, `${name}: ${message}`),
      onTimerFault: (filterName, message) =>
        this.#report({ filter: filterName, operation: 'timer', message }),
    });
  }

  #makeChain(filters: readonly OpenFilter[]): Chain {
    return new Chain({
      filters,
      disk: this.#disk,
      tracer: this.#tracer,
      onFault: (report) => this.#report(report),
    });
  }

  #report(report: FilterFaultReport): void {
    this.#parts.onFilterFault(this.diskKey, report);
  }

  #close(filters: readonly OpenFilter[]): Promise<void> {
    return closeFilters(filters, (report) => this.#report(report));
  }

  #statisticsOf({ name, hooks }: OpenFilter): Record<string, number> {
    try {
      return hooks.statistics?.() ?? {};
    } catch (thrown) {
      this.#report({ filter: name, operation: 'statistics', message: String(thrown) });
      return {};
    }
  }
}

function requireNamed(
  { id }: ServedDiskParts,
  descriptor: VmdkDescriptor,
  wanted: readonly WantedFilter[],
): void {
  const missing = iofilters(descriptor).filter(
    (name) => !wanted.some(({ definition }) => definition.name === name),
  );
  const [first] = missing;
  if (first === undefined) return;
  throw new Fault(
    'CannotOpenDisk',
    `The virtual disk ${id} has the I/O filter ${missing.join(', ')}, which this host cannot run.`,
    { data: { disk: id, filters: missing } },
  );
}
