// Lets the changes of a disk through so that no two that overlap are under way at once: the order
// in which they are done is that of the disk. Those that wait go in the order in which they came.
import type { IoError } from '#lib/filter-sdk/filter.ts';
import type { Range } from './region-map.ts';

export type ChangeKind = 'write' | 'trim' | 'writeZeroes';

/** One that is under way below the filter. */
export interface Change extends Range {
  kind: ChangeKind;
  /** A copy of what is written; null when it is not to be sent. */
  data: Uint8Array | null;
}

/** One that waits: for others, or for what `isReady` asks for. */
export interface Waiter extends Range {
  isReady(): boolean;
  go(): void;
  fail(error: IoError): void;
}

export class ChangeOrder {
  /** By offset, of which there is one each, as they do not overlap. */
  readonly #under = new Map<number, Change>();
  #waiters: Waiter[] = [];

  /** Whether another change is in the way. */
  blocks(offset: number, end: number): boolean {
    if (this.touches(offset, end)) return true;
    return (
      this.#waiters.length > 0 && this.#waiters.some((waiter) => overlaps(waiter, offset, end))
    );
  }

  /** Whether a change that is under way overlaps the range. */
  touches(offset: number, end: number): boolean {
    for (const change of this.#under.values()) if (overlaps(change, offset, end)) return true;
    return false;
  }

  /** All that is under way, and all that waits. */
  get ranges(): Range[] {
    return [...this.#under.values(), ...this.#waiters];
  }

  /** Whether one that is under way there will not be sent. */
  hasUncopied(offset: number, end: number): boolean {
    for (const change of this.#under.values()) {
      const isData = change.kind === 'write' && change.data === null;
      if (isData && overlaps(change, offset, end)) return true;
    }
    return false;
  }

  enter(change: Change): void {
    this.#under.set(change.offset, change);
  }

  /** Null for one that has not entered. */
  leave(offset: number): Change | null {
    const change = this.#under.get(offset) ?? null;
    this.#under.delete(offset);
    return change;
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
  }

  /** Something may go on. */
  pump(): void {
    if (this.#waiters.length === 0) return;
    const held: Waiter[] = [];
    const all = this.#waiters;
    this.#waiters = [];
    for (const waiter of all) {
      const { offset, end } = waiter;
      const isBlocked =
        this.touches(offset, end) || held.some((earlier) => overlaps(earlier, offset, end));
      if (isBlocked || !waiter.isReady()) held.push(waiter);
      else waiter.go();
    }
    this.#waiters = [...held, ...this.#waiters];
  }

  /** The disk takes no changes any more: none of those that wait will go. */
  failAll(error: IoError): void {
    const all = this.#waiters;
    this.#waiters = [];
    for (const waiter of all) waiter.fail(error);
  }

  /** What those need that are not ready cannot be had; the others go on. */
  failUnready(error: IoError): void {
    const all = this.#waiters;
    this.#waiters = all.filter((waiter) => waiter.isReady());
    for (const waiter of all) if (!this.#waiters.includes(waiter)) waiter.fail(error);
    this.pump();
  }
}

function overlaps(range: Range, offset: number, end: number): boolean {
  return range.offset < end && range.end > offset;
}
