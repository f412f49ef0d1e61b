// Which moments of a copy can be had: what has a name, how large the disk was when, and between
// which records it was in no moment at all, because it was being brought up to date.
import { RESYNC_OF_ALL, type RecordHeader } from '#lib/filter-sdk/replication-record.ts';
import type { JournalDamage } from './disk-journal.ts';

export interface Bookmark {
  name: string;
  sequence: number;
  timeUs: number;
}

/** What a base is. */
export interface BaseState {
  sizeBytes: number;
  /** It is no moment of the disk. */
  resyncing: boolean;
  /** Because something is lost. */
  lost: boolean;
}

/** Why there is no moment. */
interface Gap {
  why: string;
  /** Only a resync of all ends it. */
  lost: boolean;
}

/** From a record on. */
interface Since<T> {
  sequence: number;
  value: T;
}

export class MomentList {
  #bookmarks: Bookmark[] = [];
  /** Where resyncs of all of the disk began. */
  #fullResyncs: number[] = [];
  readonly #sizes: Since<number>[];
  /** Why there is no moment from there on; null when there is one. */
  readonly #gaps: Since<Gap | null>[];

  /** As the base has it. */
  constructor({ sizeBytes, resyncing, lost }: BaseState) {
    this.#sizes = [{ sequence: 0, value: sizeBytes }];
    const gap = lost ? { why: LOST, lost } : RESYNCING;
    this.#gaps = [{ sequence: 0, value: resyncing ? gap : null }];
  }

  get bookmarks(): readonly Bookmark[] {
    return this.#bookmarks;
  }

  /** Records come in order. The payload is that of a mark. */
  add({ kind, sequence, timeUs, offset }: RecordHeader, payload: Uint8Array | null): void {
    if (kind === 'mark') {
      const name = new TextDecoder().decode(payload ?? new Uint8Array(0));
      this.#bookmarks.push({ name, sequence, timeUs });
    }
    if (kind === 'resyncBegin' && offset === RESYNC_OF_ALL) this.#fullResyncs.push(sequence);
    if (kind === 'grow')
      this.#sizes.push({ sequence, value: Math.max(offset, this.sizeAt(sequence)) });
    const isLost = this.needsAll;
    // A resync of a part brings back nothing that was lost.
    if (kind === 'resyncBegin' && (!isLost || offset === RESYNC_OF_ALL)) {
      this.#gaps.push({ sequence, value: RESYNCING });
    }
    if (kind === 'resyncEnd' && !isLost) this.#gaps.push({ sequence, value: null });
  }

  /** There is no moment behind the damage until a resync of all, begun behind it, has ended. */
  damage({ after, before, message }: JournalDamage): void {
    const later = this.#gaps.filter(({ sequence }) => sequence > after);
    this.#gaps.splice(this.#gaps.length - later.length);
    this.#gaps.push({ sequence: after + 1, value: { why: message, lost: true } });
    const begun = this.#fullResyncs.find((sequence) => before > 0 && sequence >= before);
    if (begun !== undefined) this.#gaps.push(...later.filter(({ sequence }) => sequence >= begun));
  }

  /** Whether the newest record is no moment of the disk. */
  get needsResync(): boolean {
    return this.#gaps.at(-1)?.value !== null;
  }

  /** Whether something is lost, so that all of the disk must be sent again. */
  get needsAll(): boolean {
    return this.#gaps.at(-1)?.value?.lost === true;
  }

  sizeAt(sequence: number): number {
    return lastUntil(this.#sizes, sequence) ?? 0;
  }

  /** Why the disk cannot be had at a record; null when it can. */
  whyNot(sequence: number): string | null {
    return lastUntil(this.#gaps, sequence)?.why ?? null;
  }

  /** What a base that ends with this record is. */
  stateAt(sequence: number): BaseState {
    const gap = lastUntil(this.#gaps, sequence) ?? null;
    return { sizeBytes: this.sizeAt(sequence), resyncing: gap !== null, lost: gap?.lost === true };
  }

  forgetBefore(sequence: number): void {
    this.#bookmarks = this.#bookmarks.filter((bookmark) => bookmark.sequence >= sequence);
    this.#fullResyncs = this.#fullResyncs.filter((begun) => begun >= sequence);
    for (const list of [this.#sizes, this.#gaps]) {
      const last = list.findLastIndex((since) => since.sequence <= sequence);
      if (last > 0) list.splice(0, last);
    }
  }
}

const RESYNCING: Gap = { why: 'the copy was being brought up to date', lost: false };
const LOST = 'the journal has lost something before';

function lastUntil<T>(list: readonly Since<T>[], sequence: number): T | undefined {
  return list.findLast((since) => since.sequence <= sequence)?.value;
}
