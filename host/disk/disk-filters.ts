// The filters of one disk as they come and go: opened with what they keep beside the disk, named in
// its descriptor, closed, and heard when they fail or raise an event.
import { dirname } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import type { HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { KeyService } from '#lib/filter-sdk/key-service.ts';
import { iofilters, type VmdkDescriptor, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { type FilterProgress, filterProgressSchema } from '#lib/wire/agent/key-rpc.ts';
import type { FilterFaultReport } from '../chain/chain.ts';
import { changeFilters, type FilterChange, type WantedFilter } from '../chain/change-filters.ts';
import { closeFilters } from '../chain/close-filters.ts';
import { type OpenFilter, openFilter, whenReady } from '../chain/open-filter.ts';
import { OwnWork } from '../chain/own-work.ts';
import { readDescriptor, writeDescriptor } from '../datastore/descriptor-file.ts';
import {
  dropSidecars,
  readSidecar,
  removeSidecarFiles,
  requireSidecars,
  writeSidecar,
} from '../datastore/sidecar-file.ts';
import type { SmallFiles } from '../datastore/small-files.ts';

import { SocketDaemonLine } from '../filter-daemon/daemon-line.ts';

/** A filter may raise one event in so long, in milliseconds. */
const EVENT_INTERVAL_MS = 1_000;
/** Characters of an event's message that are kept. */
const EVENT_LENGTH_MAX = 1_000;

/** What a filter wants an administrator to know. */
export interface FilterEventReport {
  filter: string;
  severity: 'info' | 'warning' | 'error';
  message: string;
}

export interface DiskFiltersParts {
  /** The path in the datastore. */
  diskId: string;
  clock: Clock;
  files: SmallFiles;
  keys: KeyService;
  /** The host's virtual flash resource, if it has one. */
  flash: HostFlash | null;
  /** These three as they are at the time of the call. */
  descriptorPath(): string;
  sizeBytes(): number;
  isServing(): boolean;
  log(level: 'info' | 'warning' | 'error', message: string): void;
  onFault(report: FilterFaultReport): void;
  onEvent(report: FilterEventReport): void;
}

export class DiskFilters {
  readonly #parts: DiskFiltersParts;
  readonly #descriptorEdits = new Mutex();
  readonly #raisedAt = new Map<string, number>();

  constructor(parts: DiskFiltersParts) {
    this.#parts = parts;
  }

  /**
   * Opens all, guest first, and names them in the descriptor; or none. Their own work is held.
   * Throws `CannotOpenDisk` naming disk and filter, or the sidecar that is missing or damaged.
   */
  async openAll(
    wanted: readonly WantedFilter[],
    states: ReadonlyMap<string, Uint8Array>,
  ): Promise<OpenFilter[]> {
    const { files } = this.#parts;
    const descriptorPath = this.#parts.descriptorPath();
    await requireSidecars(descriptorPath, await readDescriptor(descriptorPath, files), files);
    const opened: OpenFilter[] = [];
    try {
      for (const filter of wanted) {
        opened.push(await this.#open(filter, states.get(filter.definition.name) ?? null));
      }
      const names = opened.map(({ name }) => name);
      await this.editDescriptor((descriptor) =>
        names.join() === iofilters(descriptor).join()
          ? descriptor
          : withIofilters(descriptor, names),
      );
      return opened;
    } catch (thrown) {
      await this.close(opened);
      throw thrown;
    }
  }

  /**
   * The filters that the disk is to have instead, named in the descriptor; on a throw everything is
   * as before. What it removed is to be given to `remove` when the new ones are at work.
   */
  async change(
    current: readonly OpenFilter[],
    wanted: readonly WantedFilter[],
  ): Promise<FilterChange> {
    const { clock, onFault } = this.#parts;
    const open = (filter: WantedFilter, state: Uint8Array | null) => this.#open(filter, state);
    const change = await changeFilters(current, wanted, { open, onFault, clock });
    try {
      const names = change.filters.map(({ name }) => name);
      await this.editDescriptor((descriptor) => withIofilters(descriptor, names));
      return change;
    } catch (thrown) {
      change.takeBack();
      await this.close(change.opened);
      throw thrown;
    }
  }

  /** Closes filters that the disk has no more, and removes what they kept with it. */
  async remove({ filters, removed }: FilterChange): Promise<void> {
    for (const { own } of removed) own.loseSidecar();
    await this.close(removed);
    const gone = removed.filter(({ name }) => !filters.some((filter) => filter.name === name));
    let paths: string[] = [];
    await this.editDescriptor((descriptor) => {
      const names = gone.map(({ name }) => name);
      const dropped = dropSidecars(this.#parts.descriptorPath(), descriptor, names);
      paths = dropped.paths;
      return paths.length === 0 ? descriptor : dropped.descriptor;
    });
    await removeSidecarFiles(paths, this.#parts.files);
  }

  close(filters: readonly OpenFilter[]): Promise<void> {
    return closeFilters(filters, this.#parts);
  }

  /** How far each is with what it does at length; those that do no such thing are left out. */
  progressOf(filters: readonly OpenFilter[]): FilterProgress[] {
    return filters.flatMap(({ name, hooks }) => {
      try {
        const found = hooks.progress?.() ?? null;
        return found === null ? [] : [filterProgressSchema.parse({ ...found, filter: name })];
      } catch (thrown) {
        this.#parts.onFault({ filter: name, operation: 'progress', message: String(thrown) });
        return [];
      }
    });
  }

  statisticsOf({ name, hooks }: OpenFilter): Record<string, number> {
    try {
      return hooks.statistics?.() ?? {};
    } catch (thrown) {
      this.#parts.onFault({ filter: name, operation: 'statistics', message: String(thrown) });
      return {};
    }
  }

  /**
   * Changes the descriptor in one durable step, one change at a time; the same object given back
   * means that there is nothing to change.
   */
  editDescriptor(
    change: (descriptor: VmdkDescriptor) => VmdkDescriptor | Promise<VmdkDescriptor>,
  ): Promise<void> {
    return this.#descriptorEdits.run(async () => {
      const { files } = this.#parts;
      const path = this.#parts.descriptorPath();
      const before = await readDescriptor(path, files);
      const after = await change(before);
      if (after !== before) await writeDescriptor(path, after, files);
    });
  }

  async #open(filter: WantedFilter, state: Uint8Array | null): Promise<OpenFilter> {
    const { diskId, clock, files, sizeBytes, isServing, log, onFault } = this.#parts;
    const { name } = filter.definition;
    const path = this.#parts.descriptorPath();
    const own = new OwnWork({
      sizeBytes,
      isServing,
      sidecarContents: await readSidecar(path, await readDescriptor(path, files), name, files),
      writeSidecar: (contents) =>
        this.editDescriptor((descriptor) =>
          writeSidecar(this.#parts.descriptorPath(), descriptor, { filter: name, contents }, files),
        ),
    });
    const opened = openFilter({
      ...filter,
      disk: { id: diskId, sizeBytes: sizeBytes(), sectorBytes: SECTOR_BYTES },
      // The folder of the VM lies in that of the datastore.
      storageId: () => dirname(dirname(this.#parts.descriptorPath())),
      state,
      clock,
      own,
      keys: this.#parts.keys,
      line: this.#lineOf(filter),
      flash: this.#parts.flash,
      log: (level, message) => log(level, `${name}: ${message}`),
      raiseEvent: (severity, message) => this.#raise({ filter: name, severity, message }),
      onTimerFault: (filterName, message) =>
        onFault({ filter: filterName, operation: 'timer', message }),
    });
    try {
      await whenReady(opened, diskId, clock);
      return opened;
    } catch (thrown) {
      await this.close([opened]);
      throw thrown;
    }
  }

  #lineOf({ definition, daemonSocketPath }: WantedFilter): SocketDaemonLine | null {
    if (daemonSocketPath === undefined) return null;
    const { diskId, clock, onFault } = this.#parts;
    return new SocketDaemonLine({
      ...{ socketPath: daemonSocketPath, diskId, clock },
      onFault: (message) => onFault({ filter: definition.name, operation: 'daemon', message }),
    });
  }

  /** One a second; the rest is dropped, as the contract says. */
  #raise({ filter, severity, message }: FilterEventReport): void {
    const now = this.#parts.clock.monotonic();
    const last = this.#raisedAt.get(filter);
    if (last !== undefined && now - last < EVENT_INTERVAL_MS) return;
    this.#raisedAt.set(filter, now);
    const known = severity === 'info' || severity === 'warning' ? severity : 'error';
    const text = String(message).slice(0, EVENT_LENGTH_MAX);
    this.#parts.onEvent({ filter, severity: known, message: text });
  }
}
