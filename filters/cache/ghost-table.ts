// Which blocks were evicted lately, by 32 bits of their numbers: S3-FIFO's ghost queue without a
// queue. Eight bytes for each block that it can remember.

const WAYS = 4;

export class GhostTable {
  readonly #capacity: number;
  readonly #groups: number;
  readonly #names: Uint32Array;
  /** When each was put there, in insertions; 0 is never. */
  readonly #times: Uint32Array;
  #now = 0;

  /** Remembers about as many as `capacity`. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
    this.#groups = Math.ceil(this.#capacity / WAYS);
    this.#names = new Uint32Array(this.#groups * WAYS);
    this.#times = new Uint32Array(this.#groups * WAYS);
  }

  add(hash: number): void {
    if (this.#now === 0xffffffff) this.clear();
    this.#now += 1;
    const first = this.#groupOf(hash);
    let oldest = first;
    for (let at = first; at < first + WAYS; at++) {
      if ((this.#times[at] ?? 0) < (this.#times[oldest] ?? 0)) oldest = at;
    }
    this.#names[oldest] = hash >>> 0;
    this.#times[oldest] = this.#now;
  }

  /** Whether it is remembered; it is forgotten by this. */
  take(hash: number): boolean {
    const first = this.#groupOf(hash);
    for (let at = first; at < first + WAYS; at++) {
      const time = this.#times[at] ?? 0;
      if (time === 0 || this.#names[at] !== hash >>> 0) continue;
      this.#times[at] = 0;
      return this.#now - time < this.#capacity;
    }
    return false;
  }

  get tableBytes(): number {
    return this.#names.byteLength + this.#times.byteLength;
  }

  clear(): void {
    this.#now = 0;
    this.#times.fill(0);
  }

  #groupOf(hash: number): number {
    return WAYS * Math.floor(((hash >>> 0) / 2 ** 32) * this.#groups);
  }
}
