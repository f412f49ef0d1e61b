// What one cache holds and may answer from it: filled by what the storage has confirmed, and, with
// write-back, by what stands in the log.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';
import { type BlockStore, NONE } from './block-store.ts';
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

/** Larger I/Os belong to copies and backups, which read once: they fill nothing. */
const FILL_BYTES_MAX = 1024 * 1024;

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
    const end = endBlock(place, length);
    for (let block = firstBlock(place); block < end; block++) {
      const slot = this.store.find(block);
      this.store.touch(slot);
      const from = Math.max(0, place - block * BLOCK_BYTES);
      const to = Math.min(BLOCK_BYTES, place + length - block * BLOCK_BYTES);
      data.set(this.store.bytesOf(slot, from, to - from), block * BLOCK_BYTES + from - place);
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
      if (!sure || !fills) continue;
      const slot = this.store.claim(block, this.#keep);
      if (slot !== NONE) this.#confirm(slot, this.#copyIn(slot, io.data, place));
    }
  }

  /**
   * A change goes down: its range is taken out first. Data of a write are copied now, because
   * filters below may change them in place, and count when the storage has confirmed them.
   */
  beginChange(io: DiskIo, keepsData: boolean): void {
    const { first, counted, end, place } = this.#rangeOf(io);
    for (let block = first; block < counted; block++) this.conflicts.beginWrite(block);
    this.#takeOut(first, end, io);
    if (!keepsData || io.operation !== 'write' || io.length > FILL_BYTES_MAX) return;
    const { data } = io;
    for (let block = first; block < end; block++) {
      if (wholeSectors(block, place, io.length) === 0) continue;
      const slot = this.store.use(block, this.#keep);
      if (slot !== NONE) this.#copyIn(slot, data, place);
    }
  }

  endChange(io: DiskIo, keepsData: boolean): void {
    const { first, counted, place } = this.#rangeOf(io);
    const { operation, length, error } = io;
    const fills = keepsData && operation === 'write' && error === 0 && length <= FILL_BYTES_MAX;
    for (let block = first; block < counted; block++) {
      const sure = this.conflicts.endWrite(block);
      if (!sure || !fills) continue;
      const slot = this.store.find(block);
      if (slot !== NONE) this.#confirm(slot, wholeSectors(block, place, length));
    }
  }

  #rangeOf({ offset, length }: Io): { place: number; first: number; end: number; counted: number } {
    const place = offset + this.shift;
    const first = firstBlock(place);
    const end = endBlock(place, length);
    return { place, first, end, counted: Math.min(end, first + ConflictTable.PLACES) };
  }

  #holds({ offset, length }: Io): boolean {
    const place = offset + this.shift;
    const end = endBlock(place, length);
    for (let block = firstBlock(place); block < end; block++) {
      const slot = this.store.find(block);
      if (slot === NONE) return false;
      const needed = touchedSectors(block, place, length);
      if (((this.store.valid[slot] ?? 0) & needed) !== needed) return false;
    }
    return true;
  }

  #takeOut(first: number, end: number, { offset, length }: Io): void {
    if (length > FILL_BYTES_MAX) {
      this.store.invalidate(first, end);
      return;
    }
    for (let block = first; block < end; block++) {
      const slot = this.store.find(block);
      if (slot === NONE) continue;
      const kept = ~touchedSectors(block, offset + this.shift, length);
      this.store.valid[slot] = (this.store.valid[slot] ?? 0) & kept;
    }
  }

  /** Copies the whole sectors of a block out of an I/O's data; returns their mask. */
  #copyIn(slot: number, data: Uint8Array, place: number): number {
    const block = this.store.blockOf(slot);
    const sectors = wholeSectors(block, place, data.length);
    if (sectors === 0) return 0;
    const from = SECTOR_BYTES * lowest(sectors);
    const to = SECTOR_BYTES * (32 - Math.clz32(sectors));
    const start = block * BLOCK_BYTES + from - place;
    // A view costs more than a comparison, and most I/Os are one block.
    const whole = to - from === data.length;
    this.store.copyIn(slot, from, whole ? data : data.subarray(start, start + to - from));
    return sectors;
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
