// Blocks of 4 KiB in memory, with a mark for each 512-byte sector that is valid and that is dirty,
// evicted by S3-FIFO: a small queue for what is new, a main one for what was used again, and a
// table of what was evicted lately (Yang et al., SOSP 2023). A hit changes one byte and moves
// nothing; a scan passes through the small queue alone. Tables take 40 bytes for a block at most.
import { GhostTable } from './ghost-table.ts';
import { BLOCK_BYTES } from './sectors.ts';

/** Memory is taken from the system in pieces of so many blocks, when it is first needed. */
const SLAB_BLOCKS = 256;
export const NONE = -1;

const USES_MAX = 3;
const USES = 3;
const IN_MAIN = 4;
const PINNED = 8;

/** One first-in, first-out queue of slots, linked by the store. */
interface Queue {
  oldest: number;
  newest: number;
  size: number;
}

export class BlockStore {
  readonly capacity: number;
  evictions = 0;
  /** Blocks in the store, valid or not. */
  size = 0;
  /** By slot: bit n is set when sector n of the block is valid. */
  readonly valid: Uint8Array;
  /** By slot: bit n is set when the storage does not have sector n yet. */
  readonly dirty: Uint8Array;
  /** By slot of a dirty block: the number of the oldest record of the log that it needs. */
  readonly firstRecord: Float64Array;
  readonly #low: Uint32Array;
  readonly #high: Uint8Array;
  /** Uses since the queue passed, and the flags above. */
  readonly #flags: Uint8Array;
  readonly #next: Int32Array;
  readonly #chain: Int32Array;
  readonly #buckets: Int32Array;
  readonly #slabs: Uint8Array[] = [];
  readonly #ghosts: GhostTable;
  readonly #smallSize: number;
  readonly #small: Queue = { oldest: NONE, newest: NONE, size: 0 };
  readonly #main: Queue = { oldest: NONE, newest: NONE, size: 0 };

  /** `capacity` is in blocks, at least 1. Only with `writeBack` may blocks be dirty. */
  constructor(capacity: number, { writeBack = false } = {}) {
    this.capacity = capacity;
    this.valid = new Uint8Array(capacity);
    this.dirty = new Uint8Array(capacity);
    this.firstRecord = new Float64Array(writeBack ? capacity : 0);
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint8Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#chain = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(NONE);
    this.#smallSize = Math.max(1, Math.round(capacity / 10));
    this.#ghosts = new GhostTable(capacity - this.#smallSize);
  }

  /** Bytes of the tables, for all blocks. */
  get tableBytes(): number {
    const tables = [this.valid, this.dirty, this.firstRecord, this.#low, this.#high, this.#flags];
    const links = [this.#next, this.#chain, this.#buckets];
    const own = [...tables, ...links].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return own + this.#ghosts.tableBytes;
  }

  /** The slot of a block, or NONE. */
  find(block: number): number {
    const low = block >>> 0;
    const high = Math.floor(block / 2 ** 32);
    let slot = this.#buckets[this.#bucketOf(hashOf(block))] ?? NONE;
    while (slot !== NONE && (this.#low[slot] !== low || this.#high[slot] !== high)) {
      slot = this.#chain[slot] ?? NONE;
    }
    return slot;
  }

  /** As `find`; at once when the block lies in the slot behind, as blocks do that came together. */
  findNext(before: number, block: number): number {
    const slot = before + 1;
    const isThere =
      slot < this.size &&
      this.#low[slot] === block >>> 0 &&
      this.#high[slot] === Math.floor(block / 2 ** 32);
    return isThere ? slot : this.find(block);
  }

  blockOf(slot: number): number {
    return (this.#low[slot] ?? 0) + (this.#high[slot] ?? 0) * 2 ** 32;
  }

  /** Notes that the block in the slot was used. */
  touch(slot: number): void {
    const flags = this.#flags[slot] ?? 0;
    if ((flags & USES) < USES_MAX) this.#flags[slot] = flags + 1;
  }

  /**
   * The slot of a block, made with no valid sector when there was none. May evict another, though
   * none that is dirty, pinned or kept; NONE when there is no other.
   */
  claim(block: number, keep?: (block: number) => boolean): number {
    const found = this.find(block);
    if (found !== NONE) return found;
    const slot = this.size < this.capacity ? this.size : this.#evict(keep);
    if (slot === NONE) return NONE;
    this.size += 1;
    const hash = hashOf(block);
    const bucket = this.#bucketOf(hash);
    this.#low[slot] = block >>> 0;
    this.#high[slot] = Math.floor(block / 2 ** 32);
    this.valid[slot] = 0;
    this.#chain[slot] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = slot;
    const known = this.#ghosts.take(hash);
    this.#flags[slot] = known ? IN_MAIN : 0;
    this.#append(known ? this.#main : this.#small, slot);
    return slot;
  }

  /**
   * `claim`, for an I/O: a block that is there already was used once more. `before`: where the
   * block before it lies.
   */
  use(block: number, keep?: (block: number) => boolean, before = NONE): number {
    const found = this.findNext(before, block);
    if (found === NONE) return this.claim(block, keep);
    this.touch(found);
    return found;
  }

  /** Keeps the block where it is until it is let go, dirty or not. */
  pin(slot: number): void {
    this.#flags[slot] = (this.#flags[slot] ?? 0) | PINNED;
  }

  isPinned(slot: number): boolean {
    return ((this.#flags[slot] ?? 0) & PINNED) !== 0;
  }

  unpin(slot: number): void {
    this.#flags[slot] = (this.#flags[slot] ?? 0) & ~PINNED;
  }

  /** How many of so many slots, from one on, lie in one piece of memory. */
  static inOnePiece(slot: number, slots: number): number {
    return Math.min(slots, SLAB_BLOCKS - (slot % SLAB_BLOCKS));
  }

  /**
   * `length` bytes of a slot, from `from` on, and of those behind it in one piece; a view, valid
   * until the slots are reused.
   */
  bytesOf(slot: number, from: number, length: number): Uint8Array {
    const start = (slot % SLAB_BLOCKS) * BLOCK_BYTES + from;
    return this.#slabOf(slot).subarray(start, start + length);
  }

  /** Copies bytes into a slot, to `to`, and into those behind it in one piece. */
  copyIn(slot: number, to: number, bytes: Uint8Array): void {
    this.#slabOf(slot).set(bytes, (slot % SLAB_BLOCKS) * BLOCK_BYTES + to);
  }

  /** Makes nothing valid from `first` up to, not including, `end`, but what is dirty. */
  invalidate(first: number, end: number): void {
    this.eachIn(first, end, (slot) => {
      this.valid[slot] = (this.valid[slot] ?? 0) & (this.dirty[slot] ?? 0);
    });
  }

  /** Each slot with a block from `first` up to, not including, `end`. */
  eachIn(first: number, end: number, visit: (slot: number) => void): void {
    if (end - first <= this.size) {
      for (let block = first; block < end; block++) {
        const slot = this.find(block);
        if (slot !== NONE) visit(slot);
      }
      return;
    }
    for (let slot = 0; slot < this.size; slot++) {
      const block = this.blockOf(slot);
      if (block >= first && block < end) visit(slot);
    }
  }

  /** Blocks that were used again, those used most first, at most so many. */
  hottest(count: number): number[] {
    const found: number[] = [];
    for (let uses = USES_MAX; uses >= 0 && found.length < count; uses--) {
      for (let slot = 0; slot < this.size && found.length < count; slot++) {
        const flags = this.#flags[slot] ?? 0;
        const used = (flags & IN_MAIN) !== 0 || uses > 0;
        if (used && (flags & USES) === uses && this.valid[slot] !== 0) {
          found.push(this.blockOf(slot));
        }
      }
    }
    return found;
  }

  /** A free slot, unless all are kept. Looks at each at most so often as its uses can spare it. */
  #evict(keep?: (block: number) => boolean): number {
    for (let looks = (USES_MAX + 2) * this.size; looks > 0; looks--) {
      const fromSmall = this.#small.size >= this.#smallSize || this.#main.size === 0;
      const slot = fromSmall ? this.#passSmall(keep) : this.#passMain(keep);
      if (slot !== NONE) return slot;
    }
    return NONE;
  }

  /** The oldest of the small queue: into the main one when it was used again, else out. */
  #passSmall(keep?: (block: number) => boolean): number {
    const slot = this.#takeOldest(this.#small);
    const flags = this.#flags[slot] ?? 0;
    if ((flags & USES) > 0 || this.#isKept(slot, keep)) {
      this.#flags[slot] = (flags & ~USES) | IN_MAIN;
      this.#append(this.#main, slot);
      return NONE;
    }
    this.#ghosts.add(hashOf(this.blockOf(slot)));
    return this.#remove(slot);
  }

  /** The oldest of the main queue: once more through it when it was used, else out. */
  #passMain(keep?: (block: number) => boolean): number {
    const slot = this.#takeOldest(this.#main);
    const flags = this.#flags[slot] ?? 0;
    if ((flags & USES) > 0 || this.#isKept(slot, keep)) {
      if ((flags & USES) > 0) this.#flags[slot] = flags - 1;
      this.#append(this.#main, slot);
      return NONE;
    }
    return this.#remove(slot);
  }

  #isKept(slot: number, keep?: (block: number) => boolean): boolean {
    if (this.dirty[slot] !== 0 || this.isPinned(slot)) return true;
    return keep?.(this.blockOf(slot)) ?? false;
  }

  #remove(slot: number): number {
    const bucket = this.#bucketOf(hashOf(this.blockOf(slot)));
    const next = this.#chain[slot] ?? NONE;
    let at = this.#buckets[bucket] ?? NONE;
    if (at === slot) this.#buckets[bucket] = next;
    else {
      while (this.#chain[at] !== slot) at = this.#chain[at] ?? NONE;
      this.#chain[at] = next;
    }
    this.valid[slot] = 0;
    this.size -= 1;
    this.evictions += 1;
    return slot;
  }

  #append(queue: Queue, slot: number): void {
    this.#next[slot] = NONE;
    if (queue.newest === NONE) queue.oldest = slot;
    else this.#next[queue.newest] = slot;
    queue.newest = slot;
    queue.size += 1;
  }

  #takeOldest(queue: Queue): number {
    const slot = queue.oldest;
    queue.oldest = this.#next[slot] ?? NONE;
    if (queue.oldest === NONE) queue.newest = NONE;
    queue.size -= 1;
    return slot;
  }

  #slabOf(slot: number): Uint8Array {
    const index = Math.floor(slot / SLAB_BLOCKS);
    const slab = this.#slabs[index];
    if (slab !== undefined) return slab;
    const blocks = Math.min(SLAB_BLOCKS, this.capacity - index * SLAB_BLOCKS);
    const made = new Uint8Array(blocks * BLOCK_BYTES);
    this.#slabs[index] = made;
    return made;
  }

  #bucketOf(hash: number): number {
    return Math.floor(((hash >>> 0) / 2 ** 32) * this.capacity);
  }
}

/** 32 bits of a block's number; those of disks over 16 TiB are longer, and both halves count. */
function hashOf(block: number): number {
  const mixed = Math.imul((block ^ Math.trunc(block / 2 ** 32)) | 0, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) >>> 0;
}
