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
import * as calls from './provider-rpc.ts';
import { StoredVolume } from './stored-volume.ts';

export interface ProviderParts {
  directory: string;
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

  private constructor(parts: ProviderParts) {
    this.#parts = parts;
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
        const { bsize, blocks, bavail } = await statfs(this.#parts.directory);
        const [capacityBytes, freeBytes] = [bsize * blocks, bsize * bavail];
        return { capacityBytes, freeBytes, volumes: this.#volumes.size };
      }),
      handle(calls.queryVolumes, async ({ id }) => {
        const wanted = id === null ? [...this.#volumes.values()] : [this.#find(id)];
        return { volumes: await Promise.all(wanted.map((volume) => volume.report())) };
      }),
      handle(calls.createVolume, ({ id, sizeBytes }) => this.#create(id, sizeBytes)),
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

  #create(id: string, sizeBytes: number): Promise<Record<string, never>> {
    return this.#mutex.run(async () => {
      const there = this.#volumes.get(id);
      if (there?.sizeBytes === sizeBytes) return {};
      if (there) throw new Fault('AlreadyExists', `The volume ${id} has another size.`);
      this.#volumes.set(id, await StoredVolume.create(this.#partsOf(id), id, sizeBytes));
      return {};
    });
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
    return { folder: join(directory, name), clock, exports: this.exports };
  }
}
