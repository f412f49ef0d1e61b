// One disk of a running VM: its lock, its flat extents, its chain of filters, its numbers.
import type { DiskEventKind } from '#lib/filter-sdk/filter.ts';
import type { HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { KeyService } from '#lib/filter-sdk/key-service.ts';
import { errnoName, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { DiskSample, IoTraceEntry } from '#lib/model/io.ts';
import type { FilterProgress } from '#lib/wire/agent/key-rpc.ts';
import { Announcement, type AnnouncementParts, changeEvents } from '../chain/announce.ts';
import { Chain, type FilterFaultReport } from '../chain/chain.ts';
import type { ChainIo } from '../chain/chain-io.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { saveFilterStates } from '../chain/close-filters.ts';
import { DiskMeter, takeLatency } from '../chain/disk-meter.ts';
import { holdOwnWork } from '../chain/hold-own-work.ts';
import { IoTracer } from '../chain/io-tracer.ts';
import type { OpenFilter } from '../chain/open-filter.ts';
import { KeyRing } from '../crypto/key-ring.ts';
import { readDescriptor } from '../datastore/descriptor-file.ts';
import type { DiskLock } from '../datastore/disk-lock.ts';
import type { NbdExport } from '../nbd/nbd-export.ts';
import type { Backing } from './backing.ts';
import { DiskFilters, type FilterEventReport } from './disk-filters.ts';
import {
  type DiskPlace,
  type DiskPlaceParts,
  leased,
  lockOf,
  openPlace,
  requireNamed,
} from './disk-place.ts';
import { SpacePause } from './space-pause.ts';
import { systemDiskFiles } from './system-disk-files.ts';

export interface ServedDiskParts extends DiskPlaceParts {
  key: number;
  /** The unit, `scsi0:0`. */
  name: string;
  /** For filters and messages: the path in the datastore. */
  id: string;
  descriptorPath: string;
  /** As in the launch file. */
  checked?: boolean;
  /** What the filters may encrypt with; none unless given. */
  keys?: KeyService;
  /** The host's virtual flash resource; none when absent. */
  flash?: HostFlash;
  log(level: 'info' | 'warning' | 'error', message: string): void;
  onFilterFault(diskKey: number, report: FilterFaultReport): void;
  onFilterEvent(diskKey: number, report: FilterEventReport): void;
  /** The lock is gone and all I/O fails; the world should end. */
  onLockLost(reason: string): void;
}

export class ServedDisk implements NbdExport {
  readonly diskKey: number;
  readonly name: string;
  readonly meter = new DiskMeter();
  readonly #parts: ServedDiskParts;
  #disk: Backing;
  /** Stands before the disk: what finds no room there waits for it. */
  readonly space: SpacePause;
  #descriptorPath: string;
  #lock: DiskLock;
  readonly #tracer: IoTracer;
  readonly #filters: DiskFilters;
  #chain: Chain;
  /** While given away: what the filters saved. */
  #suspended: ReadonlyMap<string, Uint8Array> | null = null;

  private constructor(parts: ServedDiskParts, disk: Backing, lock: DiskLock) {
    this.#parts = parts;
    this.diskKey = parts.key;
    this.name = parts.name;
    this.#descriptorPath = parts.descriptorPath;
    this.#disk = disk;
    this.space = new SpacePause({
      ...{ inner: leased(disk, lock), clock: parts.clock },
      onNoSpace: (held) => this.#onSpace(held),
      onSpaceAgain: () => this.#onSpace(0),
    });
    this.#lock = lock;
    this.#tracer = new IoTracer(parts.clock);
    this.#filters = new DiskFilters({
      ...{ diskId: parts.id, clock: parts.clock, log: parts.log },
      files: parts.files ?? systemDiskFiles,
      keys: parts.keys ?? new KeyRing(parts.random),
      flash: parts.flash ?? null,
      descriptorPath: () => this.#descriptorPath,
      sizeBytes: () => this.sizeBytes,
      isServing: () => this.isServing(),
      onFault: (report) => this.#report(report),
      onEvent: (report) => parts.onFilterEvent(parts.key, report),
    });
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
    const { descriptorPath, files } = parts;
    // Refused before the lock is taken: a disk that cannot be opened should not make others wait.
    requireNamed(parts, await readDescriptor(descriptorPath, files), wanted);
    const lock = await lockOf(parts, descriptorPath);
    let disk: Backing | null = null;
    let served: ServedDisk | null = null;
    try {
      const descriptor = await readDescriptor(descriptorPath, files);
      requireNamed(parts, descriptor, wanted);
      disk = await openPlace(parts, descriptorPath, () => served?.isServing() === true);
      served = new ServedDisk(parts, disk, lock);
      await served.#openFilters(wanted, states);
      lock.onLost((reason) => parts.onLockLost(reason));
      return served;
    } catch (thrown) {
      await disk?.close();
      await lock.release();
      throw thrown;
    }
  }

  /** In bytes; changes when the disk grows. */
  get sizeBytes(): number {
    return this.#disk.sizeBytes;
  }

  /** Absolute; changes with snapshots and moves. */
  get descriptorPath(): string {
    return this.#descriptorPath;
  }

  /** What stands below the filters. */
  get backing(): Backing {
    return this.#disk;
  }

  get place(): DiskPlace {
    return { backing: this.#disk, descriptorPath: this.#descriptorPath, lock: this.#lock };
  }

  /**
   * Has what the filters do on their own stand still while the work runs; but for what waits for
   * space, which is kept from being tried.
   */
  async withFiltersStill<T>(work: () => Promise<T>): Promise<T> {
    await holdOwnWork(this.#chain.filters, this.#parts.clock, this.isWaiting);
    try {
      return await work();
    } finally {
      for (const { own } of this.#chain.filters) own.release();
    }
  }

  /** What its filters want to be given back. Throws `FilterFault`. */
  saveStates(): Map<string, Uint8Array> {
    return saveFilterStates(this.#chain.filters);
  }

  get filters(): DiskFilter[] {
    return this.#chain.filters.map(({ name, class: filterClass, properties }) => ({
      name,
      class: filterClass,
      properties: { ...properties },
    }));
  }

  get progress(): FilterProgress[] {
    return this.#filters.progressOf(this.#chain.filters);
  }

  get inFlight(): number {
    return this.#chain.inFlight;
  }

  letGo(): void {
    this.#chain.letGo();
  }

  /** On a disk that is held and quiet: some of its I/O waits for space, or did a moment ago. */
  get isWaiting(): boolean {
    return this.space.held > 0 || this.inFlight > 0;
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

  /** The next operation on the disk as a whole, as its filters hear of it. */
  announce(
    kind: DiskEventKind,
    { quiesced = false, sizeBytes = this.sizeBytes } = {},
  ): Announcement {
    const event = { kind, sizeBytes, quiesced, filterLeaves: false };
    return this.#announcement({ event });
  }

  /** That its filters change; those that leave hear `detach`, the others `reconfigure`. */
  announceChange(wanted: readonly WantedFilter[]): Announcement {
    const names = wanted.map(({ definition }) => definition.name);
    return this.#announcement(changeEvents(this.sizeBytes, names));
  }

  /** Tells those that it has now that the operation has happened. */
  tellDone(announcement: Announcement): Promise<void> {
    return announcement.doneFor(this.#chain.filters);
  }

  /** Rebuilds the chain; on a throw it is as before. No I/O may be in flight. */
  async setFilters(wanted: readonly WantedFilter[]): Promise<void> {
    const before = this.#chain.filters;
    await holdOwnWork(before, this.#parts.clock);
    try {
      const change = await this.#filters.change(before, wanted);
      this.#chain = this.#makeChain(change.filters);
      // What leaves may write back, and those below it do for that what they must on their own.
      const last = before.findLastIndex((each) => change.removed.includes(each));
      for (const { own } of before.slice(last + 1)) own.release();
      await this.#filters.remove(change);
    } finally {
      for (const { own } of this.#chain.filters) own.release();
    }
  }

  /** Makes all that was written durable. Throws `NoDiskSpace`, or `FileFault` (a lost lock too). */
  async flush(): Promise<void> {
    const error = this.isServing() ? await this.#disk.flush() : NBD_ERRORS.ESHUTDOWN;
    if (error === 0) return;
    const message = `The virtual disk ${this.#parts.id} cannot be flushed: ${errnoName(error)}.`;
    throw new Fault(error === NBD_ERRORS.ENOSPC ? 'NoDiskSpace' : 'FileFault', message);
  }

  /** Another descriptor with all that it builds on. Throws as `openBacking`. */
  openPlace(descriptorPath: string): Promise<Backing> {
    return openPlace(this.#parts, descriptorPath, () => this.isServing());
  }

  /** The lock of another descriptor, to go on there. Throws `FileLocked`. */
  lockOf(descriptorPath: string): Promise<DiskLock> {
    return lockOf(this.#parts, descriptorPath);
  }

  /**
   * Goes on over something else, the filters as they are. No I/O may be in flight. Returns what
   * stood below before, for the caller to close and release.
   */
  changeBacking(next: DiskPlace): DiskPlace {
    const before = {
      backing: this.#disk,
      descriptorPath: this.#descriptorPath,
      lock: this.#lock,
    };
    this.#disk = next.backing;
    this.space.replaceInner(leased(next.backing, next.lock));
    this.#descriptorPath = next.descriptorPath;
    this.#lock = next.lock;
    if (next.lock !== before.lock) next.lock.onLost((reason) => this.#parts.onLockLost(reason));
    return before;
  }

  /**
   * Gives the disk away for another process to open: filters are closed, data durable, the lock
   * free. Returns the filters' states by name. No I/O may be in flight. On a throw, and to have it
   * back, call `resume`.
   */
  async suspend(): Promise<Map<string, Uint8Array>> {
    await holdOwnWork(this.#chain.filters, this.#parts.clock);
    const states = saveFilterStates(this.#chain.filters);
    await this.flush();
    this.#suspended = states;
    await this.#filters.close(this.#chain.filters);
    await this.#disk.close();
    await this.#lock.release();
    return states;
  }

  /** Given away, and not taken back. */
  get isSuspended(): boolean {
    return this.#suspended !== null;
  }

  /** Takes the disk back; nothing to do unless it was suspended. Throws as `open` does. */
  async resume(): Promise<void> {
    const states = this.#suspended;
    if (states === null) return;
    this.#lock = await this.lockOf(this.#descriptorPath);
    this.#disk = await this.openPlace(this.#descriptorPath);
    this.space.replaceInner(leased(this.#disk, this.#lock));
    const wanted = this.#chain.filters;
    await this.#openFilters(wanted, states);
    this.#lock.onLost((reason) => this.#parts.onLockLost(reason));
    this.#suspended = null;
  }

  /** Closes filters, makes everything durable, gives the lock free. No I/O may be in flight. */
  async close(): Promise<void> {
    if (this.#suspended !== null) return;
    this.#chain.sweep();
    await this.#filters.close(this.#chain.filters);
    if (this.#lock.isHeld()) {
      const error = await this.#disk.flush();
      if (error !== 0) {
        const what = `The last flush of ${this.#parts.id} failed`;
        this.#parts.log('error', `${what}: ${errnoName(error)}.`);
      }
    }
    await this.#disk.close();
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
        const { ios, ownIos } = meter?.takeCounts() ?? { ios: 0, ownIos: 0 };
        return {
          name: filter.name,
          iops: (ios * 1000) / Math.max(intervalMs, 1),
          ownIops: (ownIos * 1000) / Math.max(intervalMs, 1),
          latency: meter ? takeLatency(meter.latency) : null,
          statistics: this.#filters.statisticsOf(filter),
        };
      }),
    };
  }

  async #openFilters(
    wanted: readonly WantedFilter[],
    states: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    const opened = await this.#filters.openAll(wanted, states);
    this.#chain = this.#makeChain(opened);
    for (const { own } of opened) own.release();
  }

  #makeChain(filters: readonly OpenFilter[]): Chain {
    const chain = new Chain({
      filters,
      disk: this.space,
      tracer: this.#tracer,
      diskName: this.#parts.id,
      checked: this.#parts.checked,
      onFault: (report) => this.#report(report),
    });
    for (const [index, { own }] of filters.entries()) own.attach(chain, index);
    return chain;
  }

  #onSpace(held: number): void {
    if (held > 1) return;
    const what = held === 0 ? 'There is room for' : 'The datastore is full; waiting:';
    this.#parts.log('warning', `${what} the writes of ${this.#parts.id}.`);
  }

  #announcement(what: Pick<AnnouncementParts, 'event' | 'eventFor'>): Announcement {
    const onFault = (report: FilterFaultReport) => this.#report(report);
    const { filters } = this.#chain;
    return new Announcement({ ...what, filters, clock: this.#parts.clock, onFault });
  }

  #report(report: FilterFaultReport): void {
    this.#parts.onFilterFault(this.diskKey, report);
  }
}
