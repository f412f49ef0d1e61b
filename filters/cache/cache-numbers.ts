// What the cache counts of itself, for the charts.
import type { BlockStore } from './block-store.ts';
import { BLOCK_BYTES } from './sectors.ts';
import { LogTotals } from './write-back/log-totals.ts';
import type { WriteBack } from './write-back/write-back.ts';

const MIB = 1024 * 1024;

export class CacheNumbers {
  readonly log = new LogTotals();
  /** Of caches that this one has replaced. */
  evictionsBefore = 0;
  #hits = 0;
  #misses = 0;
  #hitBytes = 0;
  #recentHits = 0;
  #recentReads = 0;
  #putBefore = 0;
  #replacedBefore = 0;

  hit(bytes: number): void {
    this.#hits += 1;
    this.#recentHits += 1;
    this.#recentReads += 1;
    this.#hitBytes += bytes;
  }

  miss(): void {
    this.#misses += 1;
    this.#recentReads += 1;
  }

  /** Those since the last call among them. */
  take(store: BlockStore, writeBack: WriteBack | null): Record<string, number> {
    const dirty = writeBack?.dirty ?? null;
    const { putBytes, replacedBytes, destagedBytes } = this.log;
    const numbers: Record<string, number> = {
      hits: this.#hits,
      misses: this.#misses,
      hitBytes: this.#hitBytes,
      evictions: this.evictionsBefore + store.evictions,
      used: (store.size * BLOCK_BYTES) / MIB,
      dirty: (dirty?.bytes ?? 0) / MIB,
      dirtyAge: (dirty?.age ?? 0) / 1000,
      logged: putBytes,
      destaged: destagedBytes,
    };
    if (this.#recentReads > 0) numbers.hitRatio = (100 * this.#recentHits) / this.#recentReads;
    const put = putBytes - this.#putBefore;
    if (put > 0) numbers.coalesced = (100 * (replacedBytes - this.#replacedBefore)) / put;
    this.#recentHits = 0;
    this.#recentReads = 0;
    this.#putBefore = putBytes;
    this.#replacedBefore = replacedBytes;
    return numbers;
  }
}
