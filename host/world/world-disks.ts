// The open disks of a world: opened all or none, one more or one less while it runs.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import type { HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { KeyService } from '#lib/filter-sdk/key-service.ts';
import { Fault } from '#lib/model/fault.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { loadFilter } from '../chain/load-filter.ts';
import { Heartbeats } from '../datastore/locking/heartbeats.ts';
import type { ProcessTable } from '../datastore/process-identity.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import { ServedDisk, type ServedDiskParts } from '../disk/served-disk.ts';
import type { FilterNotices } from './filter-notices.ts';
import type { LaunchDisk, LaunchFilter, WorldLaunch } from './launch.ts';

export type LoadFilters = (filters: readonly LaunchFilter[]) => Promise<WantedFilter[]>;

/** States of filters by disk key and name. */
export type StatesByDisk = ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;

/** The host's virtual flash resource; one that knows whose its files are, for a disk on its own. */
export interface DisksFlash extends HostFlash {
  of?(owner: { vmId: string; diskKey: number }): HostFlash;
}

export interface WorldDisksParts {
  launch: WorldLaunch;
  clock: Clock;
  random: Random;
  /** The machine's unless a test says otherwise. */
  files?: DiskFiles;
  /** The host's virtual flash resource; none when absent. */
  flash?: DisksFlash;
  processes?: ProcessTable;
  /** Finds the code of filters: in the host's image unless a test says otherwise. */
  loadFilters?: LoadFilters;
  notices: FilterNotices;
  /** What filters may encrypt with. */
  keys: KeyService;
  log(level: 'info' | 'warning' | 'error', message: string): void;
  onLockLost(reason: string): void;
}

export class WorldDisks {
  readonly #parts: WorldDisksParts;
  readonly #heartbeats: Heartbeats;
  #open: readonly ServedDisk[] = [];

  constructor(parts: WorldDisksParts) {
    this.#parts = parts;
    const { clock, random, files } = parts;
    this.#heartbeats = new Heartbeats({ clock, random, ...(files && { files }) });
  }

  get list(): readonly ServedDisk[] {
    return this.#open;
  }

  /** Throws `NotFound` for a disk that the VM does not have. */
  find(diskKey: number): ServedDisk {
    const found = this.#open.find((each) => each.diskKey === diskKey);
    if (found) return found;
    throw new Fault('NotFound', `The virtual machine has no disk with the key ${diskKey}.`);
  }

  /** The code of some filters. Throws `CannotOpenDisk`. */
  load(filters: readonly LaunchFilter[]): Promise<WantedFilter[]> {
    return (this.#parts.loadFilters ?? loadFilters)(filters);
  }

  /** The code of every disk's filters, by disk key. Throws `CannotOpenDisk`. */
  async loadFilters(): Promise<Map<number, WantedFilter[]>> {
    const loaded = new Map<number, WantedFilter[]>();
    for (const { key, filters } of this.#parts.launch.disks) {
      loaded.set(key, await this.load(filters));
    }
    return loaded;
  }

  /** Takes the locks and opens the disks of the launch file; all or none. */
  async openAll(
    filters: ReadonlyMap<number, WantedFilter[]>,
    states: StatesByDisk,
  ): Promise<readonly ServedDisk[]> {
    try {
      for (const disk of this.#parts.launch.disks) {
        const wanted = filters.get(disk.key) ?? [];
        const parts = this.#diskParts(disk);
        this.#open = [...this.#open, await ServedDisk.open(parts, wanted, states.get(disk.key))];
      }
    } catch (thrown) {
      await this.closeAll();
      throw thrown;
    }
    return this.#open;
  }

  /** One disk more. Throws as `ServedDisk.open` does. */
  async add(disk: LaunchDisk): Promise<ServedDisk> {
    const wanted = await this.load(disk.filters);
    const served = await ServedDisk.open(this.#diskParts(disk), wanted);
    this.#open = [...this.#open, served];
    return served;
  }

  /** Closes one of them; its I/O must stand still. */
  async remove(disk: ServedDisk): Promise<void> {
    this.#open = this.#open.filter((each) => each !== disk);
    await disk.close();
  }

  /** A migration has come to its end here: the first half of it was heard elsewhere. */
  async tellArrived(): Promise<void> {
    for (const disk of this.#open) await disk.tellDone(disk.announce('migrate'));
  }

  /** Filters, flush, locks. */
  async closeAll(): Promise<void> {
    const disks = this.#open;
    this.#open = [];
    for (const disk of disks) await disk.close();
  }

  #diskParts({ key, unit, id, descriptorPath }: LaunchDisk): ServedDiskParts {
    const { launch, clock, random, notices, keys, log, onLockLost } = this.#parts;
    const { files, flash, processes } = this.#parts;
    const spec = launch.vm.disks.find((disk) => disk.key === key);
    const name = unit ?? spec?.unit;
    if (name === undefined) {
      throw new Fault('InvalidArgument', `No disk of the VM has the key ${key}.`);
    }
    return {
      key,
      name,
      id: id ?? spec?.path ?? descriptorPath,
      descriptorPath,
      owner: { ...launch.owner, vmId: launch.vm.vmId },
      heartbeats: this.#heartbeats,
      checked: launch.checked,
      keys,
      clock,
      random,
      ...(files && { files }),
      ...(flash && { flash: flash.of?.({ vmId: launch.vm.vmId, diskKey: key }) ?? flash }),
      ...(processes && { processes }),
      log,
      onFilterFault: (diskKey, report) => notices.addFault(diskKey, report),
      onFilterEvent: (diskKey, report) => notices.addEvent(diskKey, report),
      onLockLost,
    };
  }
}

/** Code is loaded before anything waits for it. Throws `CannotOpenDisk`. */
async function loadFilters(filters: readonly LaunchFilter[]): Promise<WantedFilter[]> {
  const wanted: WantedFilter[] = [];
  for (const filter of filters) {
    const definition = await loadFilter(filter);
    const { entrySha256: codeId, properties, daemonSocketPath } = filter;
    wanted.push({ definition, codeId, properties, daemonSocketPath });
  }
  return wanted;
}
