// One virtual volume in the provider's directory: a folder with its state and its data, a flat
// file. The state is written last when a volume is made and removed first when it is deleted.
import { mkdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { StateFile } from '../agent/store/state-file.ts';
import { syncDirectory } from '../datastore/write-file.ts';
import { FlatDisk } from '../disk/flat-disk.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import type { ExportHolder } from '../volumes/export-list.ts';
import { FencedExport } from '../volumes/fenced-export.ts';
import { makeDataFile } from '../volumes/make-data-file.ts';
import { keepingSpace } from '../volumes/reserved-backing.ts';
import type { SpaceBudget } from '../volumes/space-budget.ts';
import { volumeIdSchema } from './provider-rpc.ts';

const DATA_FILE = 'data-flat.vmdk';
const STATE_FILE = 'state.json';
const STAT_BLOCK_BYTES = 512;

const stateSchema = z.object({
  format: z.literal(1),
  id: volumeIdSchema,
  sizeBytes: z.number().int().positive(),
  /** A thick disk: it has all of its space from the beginning. */
  reserved: z.boolean().default(false),
  binding: z.object({ id: z.string(), holder: z.string() }).nullable(),
});

interface Parts {
  folder: string;
  clock: Clock;
  exports: ExportHolder;
  /** Of the storage container. */
  budget: SpaceBudget;
}

export interface NewVolume {
  id: string;
  sizeBytes: number;
  /** Takes all of its space now. */
  reserved: boolean;
}

export class StoredVolume {
  readonly #parts: Parts;
  readonly #file: StateFile<typeof stateSchema>;
  readonly #mutex = new Mutex();
  #disk: FlatDisk | null = null;
  #export: FencedExport | null = null;

  private constructor(parts: Parts, file: StateFile<typeof stateSchema>) {
    this.#parts = parts;
    this.#file = file;
  }

  static async create(parts: Parts, wanted: NewVolume): Promise<StoredVolume> {
    const { id, sizeBytes, reserved } = wanted;
    const { folder } = parts;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (reserved) await parts.budget.require(sizeBytes);
    await makeDataFile(join(folder, DATA_FILE), { sizeBytes, reserved, oldBytes: 0 });
    const state = { format: 1, id, sizeBytes, reserved, binding: null } as const;
    const file = await StateFile.open(join(folder, STATE_FILE), stateSchema, () => state);
    return new StoredVolume(parts, file);
  }

  /** Null when the folder holds no whole volume. A bound one is served again at once. */
  static async load(parts: Parts): Promise<StoredVolume | null> {
    const path = join(parts.folder, STATE_FILE);
    if ((await stat(path).catch(() => null)) === null) return null;
    const file = await StateFile.open(path, stateSchema, () => {
      throw new Fault('FileFault', `${path} went away.`);
    });
    const volume = new StoredVolume(parts, file);
    if (file.value.binding !== null) await volume.#publish(file.value.binding.id);
    return volume;
  }

  get id(): string {
    return this.#file.value.id;
  }

  get sizeBytes(): number {
    return this.#file.value.sizeBytes;
  }

  async report() {
    const { id, sizeBytes, binding } = this.#file.value;
    const { blocks } = await stat(join(this.#parts.folder, DATA_FILE));
    const allocatedBytes = blocks * STAT_BLOCK_BYTES;
    return { id, sizeBytes, allocatedBytes, holder: binding?.holder ?? null };
  }

  /** Ends the binding before, then begins this one. */
  bind(binding: { id: string; holder: string }): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#revoke();
      await this.#file.set({ ...this.#file.value, binding });
      await this.#publish(binding.id);
    });
  }

  unbind(bindingId: string): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#file.value.binding?.id !== bindingId) return;
      await this.#revoke();
      this.#disk?.close();
      this.#disk = null;
      await this.#file.set({ ...this.#file.value, binding: null });
    });
  }

  /** The name of the export of a binding. Throws `InvalidState` when it is over. */
  exportOf(bindingId: string): string {
    if (this.#file.value.binding?.id === bindingId && this.#export) return this.#export.name;
    throw new Fault('InvalidState', `The volume ${this.id} was bound by another since.`);
  }

  resize(sizeBytes: number): Promise<void> {
    return this.#mutex.run(async () => {
      const { value } = this.#file;
      if (sizeBytes < value.sizeBytes) {
        throw new Fault('InvalidArgument', 'A virtual volume cannot be made smaller.');
      }
      await this.#revoke();
      this.#disk?.close();
      this.#disk = null;
      const { folder, budget } = this.#parts;
      const { reserved, sizeBytes: oldBytes } = value;
      if (reserved) await budget.require(sizeBytes - oldBytes);
      await makeDataFile(join(folder, DATA_FILE), { sizeBytes, reserved, oldBytes });
      await this.#file.set({ ...value, sizeBytes });
      if (value.binding) await this.#publish(value.binding.id);
    });
  }

  remove(): Promise<void> {
    return this.#mutex.run(async () => {
      const { id, binding } = this.#file.value;
      if (binding) {
        throw new Fault('ResourceInUse', `The volume ${id} is bound by ${binding.holder}.`);
      }
      const { folder } = this.#parts;
      await unlink(join(folder, STATE_FILE));
      await syncDirectory(folder);
      await rm(folder, { recursive: true, force: true });
    });
  }

  async #publish(bindingId: string): Promise<void> {
    const { exports, folder, clock, budget } = this.#parts;
    const { reserved } = this.#file.value;
    const sectors = this.sizeBytes / SECTOR_BYTES;
    const place = { fileName: DATA_FILE, offsetSectors: 0, sectors };
    const extents = [{ access: 'RW', type: 'FLAT', ...place } as const];
    const descriptorPath = join(folder, 'data.vmdk');
    const request = { descriptorPath, extents, files: systemDiskFiles, readOnly: false };
    this.#disk ??= await FlatDisk.openExtents(request, clock);
    const name = `${this.id}.${bindingId}`;
    this.#export = new FencedExport({
      ...{ name, key: exports.nextKey() },
      backing: reserved ? keepingSpace(this.#disk) : this.#disk,
      prepare: (io) => (reserved ? null : budget.take(io)),
    });
    exports.add(this.#export);
  }

  async #revoke(): Promise<void> {
    const target = this.#export;
    if (target === null) return;
    this.#export = null;
    this.#parts.exports.remove(target);
    await target.revoke();
  }
}
