// One component on a host's local disk: a folder with its state, its data (a flat file) and its
// dirty-region log. It obeys the owner with the highest term alone.
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { StateFile } from '../agent/store/state-file.ts';
import { type ChainIo, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import { FlatDisk } from '../disk/flat-disk.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import type { ExportHolder } from '../volumes/export-list.ts';
import { FencedExport } from '../volumes/fenced-export.ts';
import { makeDataFile } from '../volumes/make-data-file.ts';
import { keepingSpace } from '../volumes/reserved-backing.ts';
import type { SpaceBudget } from '../volumes/space-budget.ts';
import { DirtyLog } from './dirty-log.ts';
import { type ComponentReport, type Promised, promiseSchema } from './node-rpc.ts';
import { isNewer, type ObjectConfig, objectConfigSchema } from './object-config.ts';

const DATA_FILE = 'data-flat.vmdk';
const STAT_BLOCK_BYTES = 512;

const stateSchema = z.object({
  format: z.literal(1),
  objectUuid: z.uuid(),
  componentId: z.string(),
  promised: promiseSchema,
  config: objectConfigSchema,
  fresh: z.boolean(),
  /** Length of the data file; it grows before the configuration says so. */
  sizeBytes: z.number().int().positive(),
});
type ComponentState = z.infer<typeof stateSchema>;

export type NewComponent = Omit<ComponentState, 'format' | 'sizeBytes'>;

interface OpenData {
  disk: FlatDisk;
  log: DirtyLog;
}

interface Parts {
  folder: string;
  clock: Clock;
  exports: ExportHolder;
  /** Of the node. */
  budget: SpaceBudget;
}

export class StoredComponent {
  readonly #parts: Parts;
  readonly #file: StateFile<typeof stateSchema>;
  /** Changes of who may write, one at a time. */
  readonly #mutex = new Mutex();
  #data: OpenData | null = null;
  #export: FencedExport | null = null;
  /** What its owner said last; of nothing but the report. */
  resyncBytesLeft: number | null = null;

  private constructor(parts: Parts, file: StateFile<typeof stateSchema>) {
    this.#parts = parts;
    this.#file = file;
  }

  /** Makes the folder, or finds it as an attempt before has left it. */
  static async create(parts: Parts, component: NewComponent): Promise<StoredComponent> {
    const { folder } = parts;
    const { sizeBytes } = component.config;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (roleOf(component) === 'data') {
      const { reserved } = component.config;
      if (reserved) await parts.budget.require(sizeBytes);
      await makeDataFile(join(folder, DATA_FILE), { sizeBytes, reserved, oldBytes: 0 });
    }
    // Last: a folder without it is no component.
    const state = { format: 1, ...component, sizeBytes } as const;
    const file = await StateFile.open(join(folder, 'state.json'), stateSchema, () => state);
    return new StoredComponent(parts, file);
  }

  /** Null when the folder holds no whole component. */
  static async load(parts: Parts): Promise<StoredComponent | null> {
    const path = join(parts.folder, 'state.json');
    const there = await stat(path).catch(() => null);
    if (there === null) return null;
    const file = await StateFile.open(path, stateSchema, () => {
      throw new Fault('FileFault', `${path} went away.`);
    });
    if (file.value.objectUuid !== basename(parts.folder)) return null;
    const component = new StoredComponent(parts, file);
    if (component.#isData) await component.#openData();
    return component;
  }

  get objectUuid(): string {
    return this.#file.value.objectUuid;
  }

  get dirtyBits(): Uint8Array {
    return this.#data?.log.bits ?? new Uint8Array(0);
  }

  get fresh(): boolean {
    return this.#file.value.fresh;
  }

  async report(): Promise<ComponentReport> {
    const { objectUuid, componentId, promised, config, fresh } = this.#file.value;
    const role = roleOf(this.#file.value);
    return {
      ...{ objectUuid, componentId, role, promised, config, fresh },
      dirtyRegions: this.#data?.log.count ?? 0,
      resyncBytesLeft: this.resyncBytesLeft,
      allocatedBytes: role === 'data' ? await allocated(join(this.#parts.folder, DATA_FILE)) : 0,
    };
  }

  /** False when it is promised to a later owner. What earlier owners had under way has ended. */
  claim(wanted: Promised): Promise<boolean> {
    return this.#mutex.run(async () => {
      const { promised } = this.#file.value;
      const again = wanted.term === promised.term && wanted.ownerId === promised.ownerId;
      if (!again && wanted.term <= promised.term) return false;
      if (again && this.#export !== null) return true;
      await this.#revoke();
      this.resyncBytesLeft = null;
      if (!again) await this.#file.set({ ...this.#file.value, promised: wanted });
      if (this.#isData) await this.#publish(wanted);
      return true;
    });
  }

  get exportName(): string | null {
    return this.#export?.name ?? null;
  }

  propose(owner: Promised, config: ObjectConfig): Promise<boolean> {
    return this.#mutex.run(async () => {
      const { value } = this.#file;
      if (!isPromised(value, owner) || isNewer(value.config, config)) return false;
      const mine = config.components.find(({ id }) => id === value.componentId);
      const fresh = value.fresh && mine?.state !== 'active';
      if (mine?.state === 'active') this.resyncBytesLeft = null;
      await this.#file.set({ ...value, config, fresh });
      return true;
    });
  }

  /** Throws `InvalidState` for an owner that is none any more. */
  requireOwner(owner: Promised): void {
    if (isPromised(this.#file.value, owner)) return;
    throw new Fault('InvalidState', `Another owner has taken the object ${this.objectUuid}.`);
  }

  async clean(regions: readonly number[] | null): Promise<void> {
    await this.#data?.log.clean(regions);
  }

  grow(owner: Promised, sizeBytes: number): Promise<void> {
    return this.#mutex.run(async () => {
      this.requireOwner(owner);
      const { value } = this.#file;
      if (sizeBytes <= value.sizeBytes) return;
      if (this.#isData) {
        await this.#revoke();
        await this.#closeData();
        await this.#lengthen(value, sizeBytes);
      }
      await this.#file.set({ ...value, sizeBytes });
      if (this.#isData) await this.#publish(owner);
    });
  }

  remove(): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#revoke();
      await this.#closeData();
      await rm(this.#parts.folder, { recursive: true, force: true });
    });
  }

  async #lengthen({ config, sizeBytes: oldBytes }: ComponentState, sizeBytes: number) {
    const { folder, budget } = this.#parts;
    const { reserved } = config;
    if (reserved) await budget.require(sizeBytes - oldBytes);
    await makeDataFile(join(folder, DATA_FILE), { sizeBytes, reserved, oldBytes });
  }

  get #isData(): boolean {
    return roleOf(this.#file.value) === 'data';
  }

  async #publish(owner: Promised): Promise<void> {
    const { exports, budget } = this.#parts;
    const { disk, log } = await this.#openData();
    const { reserved } = this.#file.value.config;
    const mark = ({ code, offset, length }: ChainIo): Promise<number> | null =>
      code === WRITE || code === WRITE_ZEROES ? log.mark(offset, length) : null;
    const target = new FencedExport({
      name: `${this.objectUuid}.${owner.term}.${owner.ownerId}`,
      key: exports.nextKey(),
      backing: reserved ? keepingSpace(disk) : disk,
      prepare(io) {
        const room = reserved ? null : budget.take(io);
        if (room === null) return mark(io);
        return room.then((error) => (error === 0 ? (mark(io) ?? 0) : error));
      },
    });
    this.#export = target;
    exports.add(target);
  }

  async #revoke(): Promise<void> {
    const target = this.#export;
    if (target === null) return;
    this.#export = null;
    this.#parts.exports.remove(target);
    await target.revoke();
  }

  async #openData(): Promise<OpenData> {
    if (this.#data !== null) return this.#data;
    const { folder, clock } = this.#parts;
    const { sizeBytes } = this.#file.value;
    const log = await DirtyLog.open(join(folder, 'dirty'), sizeBytes);
    const place = { fileName: DATA_FILE, offsetSectors: 0, sectors: sizeBytes / SECTOR_BYTES };
    const extents = [{ access: 'RW', type: 'FLAT', ...place } as const];
    const descriptorPath = join(folder, 'data.vmdk');
    const request = { descriptorPath, extents, files: systemDiskFiles, readOnly: false };
    this.#data = { disk: await FlatDisk.openExtents(request, clock), log };
    return this.#data;
  }

  async #closeData(): Promise<void> {
    const data = this.#data;
    this.#data = null;
    data?.disk.close();
    await data?.log.close();
  }
}

function roleOf({ config, componentId }: Pick<ComponentState, 'config' | 'componentId'>) {
  return config.components.find(({ id }) => id === componentId)?.role ?? 'witness';
}

function isPromised({ promised }: ComponentState, { term, ownerId }: Promised): boolean {
  return promised.term === term && promised.ownerId === ownerId;
}

async function allocated(path: string): Promise<number> {
  return (await stat(path)).blocks * STAT_BLOCK_BYTES;
}
