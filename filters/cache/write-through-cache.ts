// The cache of one disk. Reads that it holds wholly are answered at once; all else goes down, and
// what the storage confirmed is kept. A write takes the old data out of the cache before it goes
// down, and its own data count only when the storage has confirmed them.
import {
  COMPLETE,
  type DiskIo,
  type FilterContext,
  type FilterHooks,
  type FilterLifecycle,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { BLOCK_BYTES, BlockStore, SECTOR_BYTES } from './block-store.ts';
import { ConflictTable } from './conflict-table.ts';

const MIB = 1024 * 1024;
/** Larger I/Os belong to copies and backups, which read once: they pass by. */
const FILL_BYTES_MAX = 1 * MIB;
const SECTORS = BLOCK_BYTES / SECTOR_BYTES;

export class WriteThroughCache implements FilterHooks, FilterLifecycle {
  #store: BlockStore;
  readonly #conflicts = new ConflictTable();
  #hits = 0;
  #misses = 0;
  #hitBytes = 0;
  #recentHits = 0;
  #recentReads = 0;
  #evictionsBefore = 0;

  constructor({ properties }: FilterContext) {
    this.#store = new BlockStore(blocksOf(properties));
  }

  /** A changed size starts with an empty cache. */
  setProperties(properties: PropertyValues): void {
    const blocks = blocksOf(properties);
    if (blocks === this.#store.capacity) return;
    this.#evictionsBefore += this.#store.evictions;
    this.#store = new BlockStore(blocks);
  }

  read(io: DiskIo): typeof COMPLETE | undefined {
    const { offset, length } = io;
    if (length === 0) return;
    this.#recentReads += 1;
    if (length <= FILL_BYTES_MAX) {
      if (this.#holds(offset, length)) {
        this.#answer(io);
        return COMPLETE;
      }
      const end = endBlock(offset, length);
      for (let block = firstBlock(offset); block < end; block++) this.#conflicts.beginRead(block);
    }
    this.#misses += 1;
    return;
  }

  write(io: DiskIo): void {
    const { offset, length } = io;
    if (length === 0) return;
    this.#beginChange(offset, length);
    if (length > FILL_BYTES_MAX) return;
    // Copied now, not on the way out: filters below may change the data in place. Counts only when
    // confirmed.
    const end = endBlock(offset, length);
    for (let block = firstBlock(offset); block < end; block++) this.#copyIn(io.data, offset, block);
  }

  flush(): void {
    // Nothing is held back, so that there is nothing to write.
  }

  trim(io: DiskIo): void {
    this.#beginChange(io.offset, io.length);
  }

  writeZeroes(io: DiskIo): void {
    this.#beginChange(io.offset, io.length);
  }

  prefetch(): void {
    // The disk below reads ahead; what the guest then reads comes into the cache by itself.
  }

  completed(io: DiskIo): void {
    const { operation, offset, length, error } = io;
    if (length === 0) return;
    if (operation === 'read') {
      if (length <= FILL_BYTES_MAX) this.#endRead(io);
    } else if (operation === 'write') {
      this.#endChange(offset, length, error === 0 && length <= FILL_BYTES_MAX);
    } else if (operation === 'trim' || operation === 'writeZeroes') {
      this.#endChange(offset, length, false);
    }
  }

  statistics(): Record<string, number> {
    const numbers: Record<string, number> = {
      hits: this.#hits,
      misses: this.#misses,
      hitBytes: this.#hitBytes,
      evictions: this.#evictionsBefore + this.#store.evictions,
      used: (this.#store.size * BLOCK_BYTES) / MIB,
    };
    if (this.#recentReads > 0) numbers.hitRatio = (100 * this.#recentHits) / this.#recentReads;
    this.#recentHits = 0;
    this.#recentReads = 0;
    return numbers;
  }

  #holds(offset: number, length: number): boolean {
    const end = endBlock(offset, length);
    for (let block = firstBlock(offset); block < end; block++) {
      const slot = this.#store.find(block);
      if (slot < 0) return false;
      const needed = touchedSectors(block, offset, length);
      if (((this.#store.valid[slot] ?? 0) & needed) !== needed) return false;
    }
    return true;
  }

  #answer(io: DiskIo): void {
    const { offset, length, data } = io;
    const end = endBlock(offset, length);
    for (let block = firstBlock(offset); block < end; block++) {
      const slot = this.#store.find(block);
      this.#store.touch(slot);
      const bytes = this.#store.bytesOf(slot);
      const from = Math.max(0, offset - block * BLOCK_BYTES);
      const to = Math.min(BLOCK_BYTES, offset + length - block * BLOCK_BYTES);
      const part = to - from === BLOCK_BYTES ? bytes : bytes.subarray(from, to);
      data.set(part, block * BLOCK_BYTES + from - offset);
    }
    this.#hits += 1;
    this.#recentHits += 1;
    this.#hitBytes += length;
  }

  #endRead(io: DiskIo): void {
    const { offset, length, error } = io;
    const end = endBlock(offset, length);
    for (let block = firstBlock(offset); block < end; block++) {
      const sure = this.#conflicts.endRead(block);
      if (!sure || error !== 0) continue;
      const sectors = this.#copyIn(io.data, offset, block);
      if (sectors !== 0) this.#confirm(block, sectors);
    }
  }

  /**
   * Copies the whole sectors of one block out of an I/O's data; returns their mask. They are not
   * valid yet.
   */
  #copyIn(data: Uint8Array, offset: number, block: number): number {
    const sectors = wholeSectors(block, offset, data.length);
    if (sectors === 0) return 0;
    const slot = this.#store.claim(block);
    const from = SECTOR_BYTES * Math.log2(sectors & -sectors);
    const to = SECTOR_BYTES * (32 - Math.clz32(sectors));
    const start = block * BLOCK_BYTES + from - offset;
    // A view costs more than a comparison, and most I/Os are one block.
    const whole = to - from === data.length;
    const part = whole ? data : data.subarray(start, start + to - from);
    this.#store.bytesOf(slot).set(part, from);
    return sectors;
  }

  #confirm(block: number, sectors: number): void {
    const slot = this.#store.find(block);
    if (slot >= 0) this.#store.valid[slot] = (this.#store.valid[slot] ?? 0) | sectors;
  }

  /** Takes the range out of the cache, before the storage is asked to change it. */
  #beginChange(offset: number, length: number): void {
    if (length === 0) return;
    const first = firstBlock(offset);
    const end = endBlock(offset, length);
    const counted = Math.min(end, first + ConflictTable.PLACES);
    for (let block = first; block < counted; block++) this.#conflicts.beginWrite(block);
    if (length > FILL_BYTES_MAX) {
      this.#store.removeRange(first, end);
      return;
    }
    for (let block = first; block < end; block++) {
      const slot = this.#store.find(block);
      if (slot < 0) continue;
      const kept = ~touchedSectors(block, offset, length);
      this.#store.valid[slot] = (this.#store.valid[slot] ?? 0) & kept;
    }
  }

  #endChange(offset: number, length: number, confirmed: boolean): void {
    const first = firstBlock(offset);
    const counted = Math.min(endBlock(offset, length), first + ConflictTable.PLACES);
    for (let block = first; block < counted; block++) {
      const sure = this.#conflicts.endWrite(block);
      if (sure && confirmed) this.#confirm(block, wholeSectors(block, offset, length));
    }
  }
}

function blocksOf({ sizeMib }: PropertyValues): number {
  return Math.max(1, Math.trunc(((typeof sizeMib === 'number' ? sizeMib : 1) * MIB) / BLOCK_BYTES));
}

function firstBlock(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES);
}

/** One behind the last block that the range touches. */
function endBlock(offset: number, length: number): number {
  return Math.ceil((offset + length) / BLOCK_BYTES);
}

/** The sectors of a block that a range touches, if only in part. */
function touchedSectors(block: number, offset: number, length: number): number {
  const start = offset - block * BLOCK_BYTES;
  return maskOf(Math.floor(start / SECTOR_BYTES), Math.ceil((start + length) / SECTOR_BYTES));
}

/** The sectors of a block that a range covers from end to end. */
function wholeSectors(block: number, offset: number, length: number): number {
  const start = offset - block * BLOCK_BYTES;
  return maskOf(Math.ceil(start / SECTOR_BYTES), Math.floor((start + length) / SECTOR_BYTES));
}

/** Bits from `first` up to, not including, `end`, as far as they lie in a block. */
function maskOf(first: number, end: number): number {
  const from = Math.max(0, first);
  const to = Math.min(SECTORS, end);
  return to <= from ? 0 : (1 << to) - (1 << from);
}
