// Blocks of 4 KiB in memory, with a mask of the 512-byte sectors that are valid in each, evicted by
// SIEVE: a queue in the order of insertion, one "visited" bit, and a hand that goes from old to
// new, spares what was visited once and evicts what was not. A hit sets one bit and moves nothing;
// a scan passes through without washing out what is used (Zhang et al., NSDI 2024).

export const BLOCK_BYTES = 4096;
export const SECTOR_BYTES = 512;
/** Memory is taken from the system in pieces of so many blocks, when it is first needed. */
const SLAB_BLOCKS = 256;
const NONE = -1;

export class BlockStore {
  readonly capacity: number;
  evictions = 0;
  /** Blocks in the store, valid or not. */
  size = 0;
  /** By slot: bit n is set when sector n of the block is valid. */
  readonly valid: Uint8Array;
  readonly #block: Float64Array;
  readonly #visited: Uint8Array;
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #chain: Int32Array;
  readonly #buckets: Int32Array;
  readonly #shift: number;
  readonly #views: Uint8Array[] = [];
  readonly #free: number[] = [];
  #newest = NONE;
  #oldest = NONE;
  #hand = NONE;

  /** `capacity` is in blocks, at least 1. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.valid = new Uint8Array(capacity);
    this.#block = new Float64Array(capacity);
    this.#visited = new Uint8Array(capacity);
    this.#newer = new Int32Array(capacity);
    this.#older = new Int32Array(capacity);
    this.#chain = new Int32Array(capacity);
    const bits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#buckets = new Int32Array(2 ** bits).fill(NONE);
    this.#shift = 32 - bits;
  }

  /** The slot of a block, or -1. */
  find(block: number): number {
    let slot = this.#buckets[this.#bucketOf(block)] ?? NONE;
    while (slot !== NONE && this.#block[slot] !== block) slot = this.#chain[slot] ?? NONE;
    return slot;
  }

  /** Notes that the block in the slot was used. */
  touch(slot: number): void {
    this.#visited[slot] = 1;
  }

  /** The slot of a block, made with no valid sector when there was none. May evict another. */
  claim(block: number): number {
    const found = this.find(block);
    if (found !== NONE) return found;
    const slot = this.#freeSlot();
    const bucket = this.#bucketOf(block);
    this.#block[slot] = block;
    this.#visited[slot] = 0;
    this.valid[slot] = 0;
    this.#chain[slot] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = slot;
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
    this.size += 1;
    return slot;
  }

  /** The bytes of a slot; valid until the slot is reused. */
  bytesOf(slot: number): Uint8Array {
    const view = this.#views[slot];
    if (view) return view;
    const first = slot - (slot % SLAB_BLOCKS);
    const count = Math.min(SLAB_BLOCKS, this.capacity - first);
    const slab = new Uint8Array(count * BLOCK_BYTES);
    for (let i = 0; i < count; i++) {
      this.#views[first + i] = slab.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
    }
    return this.bytesOf(slot);
  }

  /** Drops all blocks from `first` up to, not including, `end`. */
  removeRange(first: number, end: number): void {
    if (end - first <= this.size) {
      for (let block = first; block < end; block++) {
        const slot = this.find(block);
        if (slot !== NONE) this.#remove(slot);
      }
      return;
    }
    for (let slot = this.#oldest; slot !== NONE; ) {
      const next = this.#newer[slot] ?? NONE;
      const block = this.#block[slot] ?? 0;
      if (block >= first && block < end) this.#remove(slot);
      slot = next;
    }
  }

  #freeSlot(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.size < this.capacity) return this.size;
    this.#evict();
    return this.#free.pop() ?? 0;
  }

  #evict(): void {
    let slot = this.#hand === NONE ? this.#oldest : this.#hand;
    while (this.#visited[slot] === 1) {
      this.#visited[slot] = 0;
      const newer = this.#newer[slot] ?? NONE;
      slot = newer === NONE ? this.#oldest : newer;
    }
    this.#hand = this.#newer[slot] ?? NONE;
    this.#remove(slot);
    this.evictions += 1;
  }

  #remove(slot: number): void {
    this.#unchain(slot);
    const newer = this.#newer[slot] ?? NONE;
    const older = this.#older[slot] ?? NONE;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (this.#hand === slot) this.#hand = newer;
    this.valid[slot] = 0;
    this.#block[slot] = NONE;
    this.#free.push(slot);
    this.size -= 1;
  }

  #unchain(slot: number): void {
    const bucket = this.#bucketOf(this.#block[slot] ?? 0);
    const next = this.#chain[slot] ?? NONE;
    let at = this.#buckets[bucket] ?? NONE;
    if (at === slot) {
      this.#buckets[bucket] = next;
      return;
    }
    while (this.#chain[at] !== slot) at = this.#chain[at] ?? NONE;
    this.#chain[at] = next;
  }

  /** Block numbers go beyond 32 bits on disks over 16 TiB: both halves count. */
  #bucketOf(block: number): number {
    const mixed = Math.imul(block ^ Math.trunc(block / 2 ** 32), 0x9e3779b1);
    return mixed >>> this.#shift;
  }
}
