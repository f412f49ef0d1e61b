// A vVol storage provider: owns one object for each virtual volume and gives it to one holder at a
// time.
import { mkdir, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { type BoundRpc, handle } from '../agent/rpc-server.ts';
import { ExportList } from '../volumes/export-list.ts';
import { SpaceBudget } from '../volumes/space-budget.ts';
import * as calls from './provider-rpc.ts';
import { type NewVolume, StoredVolume } from './stored-volume.ts';

export interface ProviderParts {
  directory: string;
  /** It takes no more than this; null for all that the disk has. */
  capacityBytes: number | null;
  clock: Clock;
  random: Random;
  /** Where its NBD server listens, once it does. */
  nbdPlace(): { host: string; port: number };
}

export class VolumeProvider {
  readonly exports = new ExportList();
  readonly #parts: ProviderParts;
  readonly #volumes = new Map<string, StoredVolume>();
  readonly #mutex = new Mutex();
  readonly #budget: SpaceBudget;

  private constructor(parts: ProviderParts) {
    this.#parts = parts;
    this.#budget = new SpaceBudget(parts.capacityBytes, () => this.#usedBytes());
  }

  static async open(parts: ProviderParts): Promise<VolumeProvider> {
    await mkdir(parts.directory, { recursive: true, mode: 0o700 });
    const provider = new VolumeProvider(parts);
    for (const name of await readdir(parts.directory)) {
      const volume = await StoredVolume.load(provider.#partsOf(name));
      if (volume) provider.#volumes.set(volume.id, volume);
    }
    return provider;
  }

  rpcs(): BoundRpc[] {
    return [
      handle(calls.queryContainer, async () => {
        return { ...(await this.#space()), volumes: this.#volumes.size };
      }),
      handle(calls.queryVolumes, async ({ id }) => {
        const wanted = id === null ? [...this.#volumes.values()] : [this.#find(id)];
        return { volumes: await Promise.all(wanted.map((volume) => volume.report())) };
      }),
      handle(calls.createVolume, (wanted) => this.#create(wanted)),
      handle(calls.bindVolume, async ({ id, holder }) => {
        const volume = this.#find(id);
        const bindingId = randomHex(this.#parts.random, 16);
        await volume.bind({ id: bindingId, holder });
        const { sizeBytes } = volume;
        return { bindingId, sizeBytes, target: this.#target(volume, bindingId) };
      }),
      handle(calls.findBinding, async ({ id, bindingId }) => ({
        target: this.#target(this.#find(id), bindingId),
      })),
      handle(calls.unbindVolume, async ({ id, bindingId }) => {
        await this.#volumes.get(id)?.unbind(bindingId);
        return {};
      }),
      handle(calls.resizeVolume, async ({ id, sizeBytes }) => {
        await this.#find(id).resize(sizeBytes);
        return {};
      }),
      handle(calls.deleteVolume, async ({ id }) => {
        await this.#volumes.get(id)?.remove();
        this.#volumes.delete(id);
        return {};
      }),
    ];
  }

  #create(wanted: NewVolume): Promise<Record<string, never>> {
    return this.#mutex.run(async () => {
      const { id, sizeBytes } = wanted;
      const there = this.#volumes.get(id);
      if (there?.sizeBytes === sizeBytes) return {};
      if (there) throw new Fault('AlreadyExists', `The volume ${id} has another size.`);
      this.#volumes.set(id, await StoredVolume.create(this.#partsOf(id), wanted));
      return {};
    });
  }

  async #space(): Promise<{ capacityBytes: number; freeBytes: number }> {
    const { directory, capacityBytes } = this.#parts;
    const { bsize, blocks, bavail } = await statfs(directory);
    const freeBytes = bsize * bavail;
    if (capacityBytes === null) return { capacityBytes: bsize * blocks, freeBytes };
    const left = Math.max(0, capacityBytes - (await this.#usedBytes()));
    return { capacityBytes, freeBytes: Math.min(freeBytes, left) };
  }

  async #usedBytes(): Promise<number> {
    let used = 0;
    for (const volume of this.#volumes.values()) used += (await volume.report()).allocatedBytes;
    return used;
  }

  #target(volume: StoredVolume, bindingId: string) {
    return { ...this.#parts.nbdPlace(), exportName: volume.exportOf(bindingId) };
  }

  #find(id: string): StoredVolume {
    const volume = this.#volumes.get(id);
    if (volume) return volume;
    throw new Fault('NotFound', `The storage provider has no volume ${id}.`);
  }

  #partsOf(name: string) {
    const { directory, clock } = this.#parts;
    const folder = join(directory, name);
    return { folder, clock, exports: this.exports, budget: this.#budget };
  }
}
