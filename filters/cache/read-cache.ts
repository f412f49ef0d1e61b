// What one cache holds and may answer from it: filled by what the storage has confirmed, and, with
// write-back, by what stands in the log.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';
import { BlockStore, NONE } from './block-store.ts';
import { ConflictTable } from './conflict-table.ts';
import {
  BLOCK_BYTES,
  endBlock,
  firstBlock,
  lowest,
  runEnd,
  SECTOR_BYTES,
  touchedSectors,
  wholeSectors,
} from './sectors.ts';

/**
 * Larger I/Os belong to streams, copies and backups, which pass once and which storage is good at:
 * they fill nothing.
 */
const FILL_BYTES_MAX = 256 * 1024;
/** Of writes: what is written in large pieces is seldom read soon, and a copy costs its thread. */
const FILL_WRITE_BYTES_MAX = 64 * 1024;

/** A read or a change, as far as the cache needs it. */
type Io = Pick<DiskIo, 'offset' | 'length'>;

export interface ReadCacheParts {
  store: BlockStore;
  /** Bytes from the begin of block 0 to that of the disk. */
  shift: number;
  conflicts: ConflictTable;
  /** Blocks may hold what the storage does not have, or had not when a read began. */
  isDirtyPossible: boolean;
}

export class ReadCache {
  readonly store: BlockStore;
  readonly shift: number;
  readonly conflicts: ConflictTable;
  readonly #isDirtyPossible: boolean;
  readonly #keep: ((block: number) => boolean) | undefined;
  /** Where the blocks of the I/O in hand lie. One that is not aligned touches one more. */
  readonly #slots = new Int32Array(FILL_BYTES_MAX / BLOCK_BYTES + 1);

  constructor({ store, shift, conflicts, isDirtyPossible }: ReadCacheParts) {
    this.store = store;
    this.shift = shift;
    this.conflicts = conflicts;
    this.#isDirtyPossible = isDirtyPossible;
    const keep = (block: number): boolean => conflicts.hasReads(block);
    this.#keep = isDirtyPossible ? keep : undefined;
  }

  /** Fills the read's data and returns true when it holds all of them. */
  answers(io: DiskIo): boolean {
    const { length } = io;
    if (length > FILL_BYTES_MAX || !this.#holds(io)) return false;
    const place = io.offset + this.shift;
    const { data } = io;
    const first = firstBlock(place);
    const count = endBlock(place, length) - first;
    for (let index = 0; index < count; ) {
      const slot = this.#slots[index] ?? NONE;
      const run = this.#runAt(index, count);
      for (let of = 0; of < run; of++) this.store.touch(slot + of);
      const start = (first + index) * BLOCK_BYTES - place;
      const from = Math.max(0, -start);
      const to = Math.min(run * BLOCK_BYTES, length - start);
      data.set(this.store.bytesOf(slot, from, to - from), start + from);
      index += run;
    }
    return true;
  }

  /** A read goes down. */
  beginRead(io: Io): void {
    const { first, counted } = this.#rangeOf(io);
    for (let block = first; block < counted; block++) this.conflicts.beginRead(block);
  }

  /** It has come back: what is newer here goes over its data, and the rest of them comes in. */
  endRead(io: Io & { data: Uint8Array; error: number }): void {
    const { first, counted, end, place } = this.#rangeOf(io);
    const fills = io.error === 0 && io.length <= FILL_BYTES_MAX;
    if (this.#isDirtyPossible && io.error === 0) {
      for (let block = first; block < end; block++) this.#overlay(io.data, place, block);
    }
    for (let block = first; block < counted; block++) {
      const sure = this.conflicts.endRead(block);
      if (!fills) continue;
      const slot = sure ? this.store.claim(block, this.#keep) : NONE;
      this.#slots[block - first] = slot;
      if (slot !== NONE) this.#confirm(slot, wholeSectors(block, place, io.length));
    }
    if (fills) this.#copyAllIn(io.data, place);
  }

  /**
   * A change goes down: its range is taken out first. Data of a write are copied now, because
   * filters below may change them in place, and count when the storage has confirmed them.
   */
  beginChange(io: DiskIo, keepsData: boolean): void {
    const { first, counted, end, place } = this.#rangeOf(io);
    for (let block = first; block < counted; block++) this.conflicts.beginWrite(block);
    this.#takeOut(first, end, io);
    if (!keepsData || io.operation !== 'write' || io.length > FILL_WRITE_BYTES_MAX) return;
    let slot: number = NONE;
    for (let block = first; block < end; block++) {
      const isEmpty = wholeSectors(block, place, io.length) === 0;
      slot = isEmpty ? NONE : this.store.use(block, this.#keep, slot);
      this.#slots[block - first] = slot;
    }
    this.#copyAllIn(io.data, place);
  }

  endChange(io: DiskIo, keepsData: boolean): void {
    const { first, counted, place } = this.#rangeOf(io);
    const { operation, length, error } = io;
    const isKept = keepsData && operation === 'write' && length <= FILL_WRITE_BYTES_MAX;
    const fills = isKept && error === 0;
    let slot: number = NONE;
    for (let block = first; block < counted; block++) {
      const sure = this.conflicts.endWrite(block);
      if (!sure || !fills) continue;
      slot = this.store.findNext(slot, block);
      if (slot !== NONE) this.#confirm(slot, wholeSectors(block, place, length));
    }
  }

  #rangeOf({ offset, length }: Io): { place: number; first: number; end: number; counted: number } {
    const place = offset + this.shift;
    const first = firstBlock(place);
    const end = endBlock(place, length);
    return { place, first, end, counted: Math.min(end, first + ConflictTable.PLACES) };
  }

  /** Whether all of it is here; then `#slots` says where. */
  #holds({ offset, length }: Io): boolean {
    const place = offset + this.shift;
    const first = firstBlock(place);
    const end = endBlock(place, length);
    let slot: number = NONE;
    for (let block = first; block < end; block++) {
      slot = this.store.findNext(slot, block);
      if (slot === NONE) return false;
      const needed = touchedSectors(block, place, length);
      if (((this.store.valid[slot] ?? 0) & needed) !== needed) return false;
      this.#slots[block - first] = slot;
    }
    return true;
  }

  /** How many of `#slots`, from that one on, follow each other in one piece of memory. */
  #runAt(index: number, count: number): number {
    const slot = this.#slots[index] ?? NONE;
    const most = BlockStore.inOnePiece(slot, count - index);
    let run = 1;
    while (run < most && this.#slots[index + run] === slot + run) run += 1;
    return run;
  }

  #takeOut(first: number, end: number, { offset, length }: Io): void {
    const place = offset + this.shift;
    if (length > FILL_BYTES_MAX) {
      // Of the blocks at the ends only what is touched: their other sectors may be on their way
      // down, and the storage not have them yet.
      this.store.invalidate(first + 1, end - 1);
      for (const block of [first, end - 1]) {
        this.#forget(this.store.find(block), touchedSectors(block, place, length));
      }
      return;
    }
    let slot: number = NONE;
    for (let block = first; block < end; block++) {
      slot = this.store.findNext(slot, block);
      this.#forget(slot, touchedSectors(block, place, length));
    }
  }

  #forget(slot: number, sectors: number): void {
    if (slot !== NONE) this.store.valid[slot] = (this.store.valid[slot] ?? 0) & ~sectors;
  }

  /** Copies the whole sectors of an I/O's data to where `#slots` says, but not where it is NONE. */
  #copyAllIn(data: Uint8Array, place: number): void {
    const first = firstBlock(place);
    const count = endBlock(place, data.length) - first;
    for (let index = 0; index < count; ) {
      const slot = this.#slots[index] ?? NONE;
      const run = slot === NONE ? 1 : this.#runAt(index, count);
      if (slot !== NONE)
        this.#copyIn(slot, run, { data, start: (first + index) * BLOCK_BYTES - place });
      index += run;
    }
  }

  /** Blocks that lie side by side, the first of which begins at that byte of the data. */
  #copyIn(
    slot: number,
    blocks: number,
    { data, start }: { data: Uint8Array; start: number },
  ): void {
    const from = SECTOR_BYTES * Math.ceil(Math.max(0, -start) / SECTOR_BYTES);
    const most = Math.min(blocks * BLOCK_BYTES, data.length - start);
    const to = SECTOR_BYTES * Math.floor(most / SECTOR_BYTES);
    if (to <= from) return;
    // A view costs more than a comparison, and most I/Os are one block.
    const whole = to - from === data.length;
    this.store.copyIn(slot, from, whole ? data : data.subarray(start + from, start + to));
  }

  #confirm(slot: number, sectors: number): void {
    this.store.valid[slot] = (this.store.valid[slot] ?? 0) | sectors;
  }

  /** Puts the valid sectors of a block over what was read. */
  #overlay(data: Uint8Array, place: number, block: number): void {
    const slot = this.store.find(block);
    if (slot === NONE) return;
    const mask = (this.store.valid[slot] ?? 0) & wholeSectors(block, place, data.length);
    for (let rest = mask; rest !== 0; ) {
      const first = lowest(rest);
      const end = runEnd(rest, first);
      rest &= ~((1 << end) - (1 << first));
      const from = first * SECTOR_BYTES;
      const at = block * BLOCK_BYTES + from - place;
      data.set(this.store.bytesOf(slot, from, (end - first) * SECTOR_BYTES), at);
    }
  }
}
