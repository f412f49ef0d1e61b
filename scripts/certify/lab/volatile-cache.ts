// The write cache of a drive: sectors that were written and not flushed, in memory alone.
import type { BelowIo } from '#lib/filter-sdk/filter.ts';

const SECTOR_BYTES = 512;
/** Runs of sectors are written together, up to so many. */
const RUN_SECTORS_MAX = 2048;
const ZERO_SECTOR = new Uint8Array(SECTOR_BYTES);

export class VolatileCache {
  readonly #below: BelowIo;
  readonly #sectors = new Map<number, Uint8Array>();
  /** Reads of the disk below: what a flush writes there meanwhile could tear a sector for them. */
  readonly #reads = new Set<Promise<unknown>>();
  /** How many go past the cache, and who waits until none does. */
  #past = 0;
  #onNonePast: (() => void) | null = null;
  /** Flushes go one after the other, so that an older state never overtakes a newer one. */
  #tail: Promise<void> = Promise.resolve();

  constructor(below: BelowIo) {
    this.#below = below;
  }

  get dirty(): number {
    return this.#sectors.size;
  }

  /** Whether a read needs nothing of the cache. If so, `wentPast` is to be called at its end. */
  letPast(offset: number, length: number): boolean {
    if (this.#onNonePast !== null || this.#touches(offset, length)) return false;
    this.#past += 1;
    return true;
  }

  wentPast(): void {
    this.#past -= 1;
    if (this.#past === 0) this.#onNonePast?.();
  }

  #touches(offset: number, length: number): boolean {
    if (this.#sectors.size === 0) return false;
    const end = (offset + length) / SECTOR_BYTES;
    for (let sector = offset / SECTOR_BYTES; sector < end; sector++)
      if (this.#sectors.has(sector)) return true;
    return false;
  }

  write(offset: number, data: Uint8Array): void {
    for (let at = 0; at < data.length; at += SECTOR_BYTES) {
      // Not `slice`: of Node's own buffers, which a filter may be lent, that is no copy.
      const copy = new Uint8Array(data.subarray(at, at + SECTOR_BYTES));
      this.#sectors.set((offset + at) / SECTOR_BYTES, copy);
    }
  }

  zero(offset: number, length: number): void {
    const end = (offset + length) / SECTOR_BYTES;
    for (let sector = offset / SECTOR_BYTES; sector < end; sector++)
      this.#sectors.set(sector, ZERO_SECTOR);
  }

  /** What a sector was in the cache at the beginning or is at the end comes before the disk. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const before = this.#within(offset, length);
    const reading = this.#below.read(offset, length);
    this.#reads.add(reading);
    const data = await reading.finally(() => this.#reads.delete(reading));
    for (const part of [before, this.#within(offset, length)]) {
      for (const [sector, bytes] of part) data.set(bytes, sector * SECTOR_BYTES - offset);
    }
    return data;
  }

  /** Everything that is in the cache now is durable when it resolves. */
  flush(): Promise<void> {
    const flushed = this.#tail.then(() => this.#flush());
    // A failure is told to who asked, and does not stand in the way of the next.
    this.#tail = flushed.catch(() => undefined);
    return flushed;
  }

  async #flush(): Promise<void> {
    const taken = [...this.#sectors].sort(([a], [b]) => a - b);
    await this.#readsOver();
    for (let at = 0; at < taken.length; ) {
      let end = at + 1;
      while (end < taken.length && end - at < RUN_SECTORS_MAX && follows(taken, end)) end += 1;
      const run = taken.slice(at, end);
      const offset = (run[0]?.[0] ?? 0) * SECTOR_BYTES;
      await this.#below.write(offset, joined(run));
      at = end;
    }
    await this.#below.flush();
    for (const [sector, bytes] of taken)
      if (this.#sectors.get(sector) === bytes) this.#sectors.delete(sector);
  }

  /** Those that begin later find what is flushed in the cache. Who reads is told of a failure. */
  async #readsOver(): Promise<void> {
    await Promise.allSettled(this.#reads);
    if (this.#past === 0) return;
    await new Promise<void>((resolve) => {
      this.#onNonePast = resolve;
    });
    this.#onNonePast = null;
  }

  #within(offset: number, length: number): [number, Uint8Array][] {
    const found: [number, Uint8Array][] = [];
    const end = (offset + length) / SECTOR_BYTES;
    for (let sector = offset / SECTOR_BYTES; sector < end; sector++) {
      const bytes = this.#sectors.get(sector);
      if (bytes) found.push([sector, bytes]);
    }
    return found;
  }
}

function follows(taken: readonly (readonly [number, Uint8Array])[], index: number): boolean {
  return (taken[index]?.[0] ?? 0) === (taken[index - 1]?.[0] ?? 0) + 1;
}

/** A filter has no Buffer. */
function joined(run: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const data = new Uint8Array(run.length * SECTOR_BYTES);
  for (const [index, [, bytes]] of run.entries()) data.set(bytes, index * SECTOR_BYTES);
  return data;
}
