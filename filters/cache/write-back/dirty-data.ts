// The dirty blocks of one disk and the log that they stand in: what is put in, what goes down in
// rounds, and what an earlier life has left.
import type { BelowIo, FilterContext } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import { BlockStore, NONE } from '../block-store.ts';
import {
  BLOCK_BYTES,
  countOf,
  endBlock,
  firstBlock,
  SECTOR_BYTES,
  touchedSectors,
} from '../sectors.ts';
import { destage } from './destager.ts';
import { FlashLog, type LogMark } from './flash-log.ts';
import { DATA } from './log-format.ts';
import type { LogTotals } from './log-totals.ts';

/** Blocks that may be dirty or on their way down, of all. */
const DIRTY_PART = 0.6;
/** A place in the log is remembered at most so far, or so long, behind the last. */
const MARK_BYTES = 256 * 1024;
const MARK_MS = 1000;

interface TimedMark extends LogMark {
  at: number;
}

export interface DirtyDataParts {
  store: BlockStore;
  /** Where the disk begins, in bytes from where block 0 does. */
  shift: number;
  below: BelowIo;
  clock: FilterContext['clock'];
  totals: LogTotals;
  /** Whether a block must stay though it is clean. */
  keep(block: number): boolean;
}

export class DirtyData {
  readonly #parts: DirtyDataParts;
  readonly #log: FlashLog;
  #marks: TimedMark[] = [];
  /** Slots that became dirty; some may be clean by now, or stand here twice. */
  #slots: number[] = [];
  /** On their way down. */
  #leaving: readonly number[] = [];
  #dirtySectors = 0;

  private constructor(parts: DirtyDataParts, log: FlashLog) {
    this.#parts = parts;
    this.#log = log;
  }

  static make(parts: DirtyDataParts, file: FlashFile): DirtyData {
    return new DirtyData(parts, FlashLog.make(file));
  }

  /** With what an earlier life has left in the file. Throws when it is no log. */
  static recover(parts: DirtyDataParts, file: FlashFile): DirtyData {
    const found: { sequence: number; offset: number; data: Uint8Array | number }[] = [];
    const log = FlashLog.read(file, ({ kind, sequence, offset, length }, data) => {
      found.push({ sequence, offset, data: kind === DATA ? new Uint8Array(data) : length });
    });
    const recovered = new DirtyData(parts, log);
    for (const { sequence, offset, data } of found) {
      if (typeof data === 'number') recovered.#forget(offset, data);
      else if (!recovered.#enter(offset, data, () => sequence)) {
        throw new Error('there is too little room for the data in its write-back log');
      }
    }
    if (log.used > 0) recovered.#marks = [{ ...log.tail, at: parts.clock.monotonic() }];
    return recovered;
  }

  get log(): FlashLog {
    return this.#log;
  }

  get bytes(): number {
    return this.#dirtySectors * SECTOR_BYTES;
  }

  /** Milliseconds since the oldest data in the log came; 0 when there are none. */
  get age(): number {
    const oldest = this.#log.used === 0 ? undefined : this.#marks[0];
    return oldest === undefined ? 0 : this.#parts.clock.monotonic() - oldest.at;
  }

  /** How full it is, by the log or by the blocks, from 0 to 1. */
  get fullness(): number {
    const blocks = this.#slots.length + this.#leaving.length;
    const part = blocks / (this.#parts.store.capacity * DIRTY_PART);
    return Math.max(this.#log.used / this.#log.capacity, part);
  }

  /**
   * Of the newest in the log, so that a round leaves it at the low mark; less when writes wait,
   * which may need more room than the marks say.
   */
  bytesToKeep(low: number, writesWait: boolean): number {
    const part = low / Math.max(this.fullness, Number.EPSILON);
    return this.#log.used * Math.min(part, writesWait ? 0.5 : 1);
  }

  hasRoom(length: number): boolean {
    const wanted = this.#slots.length + this.#leaving.length + length / BLOCK_BYTES + 2;
    return wanted <= this.#parts.store.capacity * DIRTY_PART && this.#log.hasRoom(length);
  }

  /** Whether there is room for so many bytes when nothing is dirty. */
  canHold(length: number): boolean {
    const wanted = length / BLOCK_BYTES + 2;
    return wanted <= this.#parts.store.capacity * DIRTY_PART && this.#log.canHold(length);
  }

  /**
   * Appends to the log and marks as dirty. There must be room; false when the blocks are all in
   * use for the moment, and nothing was done then. Throws `FlashFailure`.
   */
  put(offset: number, data: Uint8Array): boolean {
    const { head } = this.#log;
    const last = this.#marks.at(-1);
    const at = this.#parts.clock.monotonic();
    const far = last === undefined || head.position - last.position >= MARK_BYTES;
    if (far || at - last.at >= MARK_MS) this.#marks.push({ ...head, at });
    return this.#enter(offset, data, () => this.#log.append(offset, data));
  }

  /** Nothing in the range waits to go down, or is on its way. */
  isClean(offset: number, length: number): boolean {
    const { store, shift } = this.#parts;
    let clean = true;
    store.eachIn(firstBlock(offset + shift), endBlock(offset + shift, length), (slot) => {
      if (store.dirty[slot] !== 0 || store.isPinned(slot)) clean = false;
    });
    return clean;
  }

  /** What stands in the log for that range must never come back. Throws `FlashFailure`. */
  makeVoid(offset: number, length: number): void {
    this.#log.appendVoid(offset, length);
    this.#forget(offset, length);
  }

  /**
   * Writes down what is older than the newest `keepBytes` of the log, and gives its room back.
   * Rejects when something could not be written; nothing is lost then.
   */
  async round(keepBytes: number): Promise<void> {
    const cutoff = this.#markBefore(keepBytes);
    const { store } = this.#parts;
    const dirty = [...new Set(this.#slots)].filter((slot) => store.dirty[slot] !== 0);
    const isOld = (slot: number): boolean => (store.firstRecord[slot] ?? 0) < cutoff.sequence;
    this.#slots = dirty.filter((slot) => !isOld(slot));
    await this.#writeDown(dirty.filter(isOld));
    await this.#log.advance(cutoff);
    const { position } = cutoff;
    const passed = this.#marks.findLastIndex((mark) => mark.position <= position);
    this.#marks = this.#marks.slice(Math.max(passed, 0));
  }

  /** Writes down what is dirty in a range; the log keeps it as well. Rejects as `round`. */
  async roundFor(offset: number, length: number): Promise<void> {
    const { store, shift } = this.#parts;
    const place = offset + shift;
    const [first, end] = [firstBlock(place), endBlock(place, length)];
    const inside = (slot: number): boolean => {
      const block = store.blockOf(slot);
      return store.dirty[slot] !== 0 && block >= first && block < end;
    };
    const slots = [...new Set(this.#slots)].filter(inside);
    if (slots.length === 0) return;
    this.#slots = this.#slots.filter((slot) => !slots.includes(slot));
    await this.#writeDown(slots);
  }

  /** Writes down all that is dirty, without the log. Rejects as `round`. */
  async writeAllDown(): Promise<void> {
    const { store } = this.#parts;
    const slots = [...new Set(this.#slots)].filter((slot) => store.dirty[slot] !== 0);
    this.#slots = [];
    await this.#writeDown(slots);
  }

  async #writeDown(slots: readonly number[]): Promise<void> {
    if (slots.length === 0) return;
    const { store, below, shift } = this.#parts;
    this.#leaving = slots;
    const before = slots.map((slot) => {
      return { slot, mask: store.dirty[slot] ?? 0, firstRecord: store.firstRecord[slot] ?? 0 };
    });
    // They must not go before the flush: what a storage that fails has kept of them nobody knows.
    for (const slot of slots) store.pin(slot);
    try {
      const bytes = await destage({ store, below, shift, slots });
      await below.flush();
      this.#parts.totals.destagedBytes += bytes;
      this.#dirtySectors -= bytes / SECTOR_BYTES;
    } catch (thrown) {
      for (const { slot, mask, firstRecord } of before) {
        store.dirty[slot] = (store.dirty[slot] ?? 0) | mask;
        store.firstRecord[slot] = firstRecord;
        this.#slots.push(slot);
      }
      this.#countAgain();
      throw thrown;
    } finally {
      for (const slot of slots) store.unpin(slot);
      this.#leaving = [];
    }
  }

  #countAgain(): void {
    const { dirty } = this.#parts.store;
    this.#dirtySectors = dirty.reduce((sum, mask) => sum + countOf(mask), 0);
  }

  #markBefore(keepBytes: number): LogMark {
    const { head } = this.#log;
    if (keepBytes === 0) return head;
    return this.#marks.find(({ position }) => head.position - position <= keepBytes) ?? head;
  }

  #enter(offset: number, data: Uint8Array, record: () => number): boolean {
    const place = offset + this.#parts.shift;
    const slots = this.#claim(firstBlock(place), endBlock(place, data.length));
    if (slots === null) return false;
    const sequence = record();
    const { store, totals } = this.#parts;
    totals.putBytes += data.length;
    const touched = (slot: number) => touchedSectors(store.blockOf(slot), place, data.length);
    this.#copyIn(slots, place, data);
    for (const slot of slots) this.#mark(slot, touched(slot), sequence);
    return true;
  }

  /** What lies side by side goes in one copy. */
  #copyIn(slots: readonly number[], place: number, data: Uint8Array): void {
    const { store } = this.#parts;
    const before = place - firstBlock(place) * BLOCK_BYTES;
    for (let index = 0; index < slots.length; ) {
      const slot = slots[index] ?? NONE;
      const most = BlockStore.inOnePiece(slot, slots.length - index);
      let run = 1;
      while (run < most && slots[index + run] === slot + run) run += 1;
      const start = Math.max(index * BLOCK_BYTES - before, 0);
      const end = Math.min((index + run) * BLOCK_BYTES - before, data.length);
      const whole = end - start === data.length;
      const from = start + before - index * BLOCK_BYTES;
      store.copyIn(slot, from, whole ? data : data.subarray(start, end));
      index += run;
    }
  }

  /** All or none. */
  #claim(first: number, end: number): number[] | null {
    const { store, keep } = this.#parts;
    const slots: number[] = [];
    const pinned: number[] = [];
    let slot: number = NONE;
    for (let block = first; block < end; block++) {
      slot = store.use(block, keep, slot);
      if (slot === NONE) break;
      slots.push(slot);
      // What is claimed next must not push it out.
      if (end - first > 1 && !store.isPinned(slot)) {
        store.pin(slot);
        pinned.push(slot);
      }
    }
    for (const slot of pinned) store.unpin(slot);
    return slots.length === end - first ? slots : null;
  }

  /** Sectors of a block are dirty now; `sequence` is the record that has them. */
  #mark(slot: number, mask: number, sequence: number): void {
    const { store } = this.#parts;
    const before = store.dirty[slot] ?? 0;
    if (before === 0) {
      store.firstRecord[slot] = sequence;
      this.#slots.push(slot);
    }
    const again = countOf(before & mask);
    this.#parts.totals.replacedBytes += again * SECTOR_BYTES;
    this.#dirtySectors += countOf(mask) - again;
    store.dirty[slot] = before | mask;
    store.valid[slot] = (store.valid[slot] ?? 0) | mask;
  }

  /** Neither dirty nor valid any more. */
  #forget(offset: number, length: number): void {
    const { store, shift } = this.#parts;
    const place = offset + shift;
    const end = endBlock(place, length);
    const forget = (slot: number): void => {
      const mask = touchedSectors(store.blockOf(slot), place, length);
      const before = store.dirty[slot] ?? 0;
      this.#dirtySectors -= countOf(before & mask);
      store.dirty[slot] = before & ~mask;
      store.valid[slot] = (store.valid[slot] ?? 0) & ~mask;
    };
    store.eachIn(firstBlock(place), end, forget);
  }
}
