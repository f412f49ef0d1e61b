// Which moments of a copy can be had: what has a name, how large the disk was when, and between
// which records it was in no moment at all, because it was being brought up to date.
import type { RecordHeader } from '#lib/filter-sdk/replication-record.ts';
import type { JournalDamage } from './disk-journal.ts';

export interface Bookmark {
  name: string;
  sequence: number;
  timeUs: number;
}

/** From a record on. */
interface Since<T> {
  sequence: number;
  value: T;
}

export class MomentList {
  #bookmarks: Bookmark[] = [];
  readonly #sizes: Since<number>[];
  /** Why there is no moment from there on; null when there is one. */
  readonly #gaps: Since<string | null>[];

  /** As the base has it. */
  constructor(sizeBytes: number, resyncing: boolean) {
    this.#sizes = [{ sequence: 0, value: sizeBytes }];
    this.#gaps = [{ sequence: 0, value: resyncing ? RESYNCING : null }];
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
    if (kind === 'grow')
      this.#sizes.push({ sequence, value: Math.max(offset, this.sizeAt(sequence)) });
    if (kind === 'resyncBegin') this.#gaps.push({ sequence, value: RESYNCING });
    if (kind === 'resyncEnd') this.#gaps.push({ sequence, value: null });
  }

  /** There is no moment behind the damage until the next resync has ended. */
  damage({ after, message }: JournalDamage): void {
    const later = this.#gaps.filter(({ sequence }) => sequence > after);
    const nextEnd = later.findIndex(({ value }) => value === null);
    const kept = nextEnd === -1 ? [] : later.slice(nextEnd);
    this.#gaps.splice(this.#gaps.length - later.length);
    this.#gaps.push({ sequence: after + 1, value: message }, ...kept);
  }

  /** Whether all of the disk must be sent again. */
  get needsResync(): boolean {
    return this.#gaps.at(-1)?.value !== null;
  }

  sizeAt(sequence: number): number {
    return lastUntil(this.#sizes, sequence) ?? 0;
  }

  /** Why the disk cannot be had at a record; null when it can. */
  whyNot(sequence: number): string | null {
    return lastUntil(this.#gaps, sequence) ?? null;
  }

  /** What a base that ends with this record is. */
  stateAt(sequence: number): { sizeBytes: number; resyncing: boolean } {
    return { sizeBytes: this.sizeAt(sequence), resyncing: this.whyNot(sequence) !== null };
  }

  forgetBefore(sequence: number): void {
    this.#bookmarks = this.#bookmarks.filter((bookmark) => bookmark.sequence >= sequence);
    for (const list of [this.#sizes, this.#gaps]) {
      const last = list.findLastIndex((since) => since.sequence <= sequence);
      if (last > 0) list.splice(0, last);
    }
  }
}

const RESYNCING = 'the copy was being brought up to date';

function lastUntil<T>(list: readonly Since<T>[], sequence: number): T | undefined {
  return list.findLast((since) => since.sequence <= sequence)?.value;
}
