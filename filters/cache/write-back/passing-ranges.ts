// Changes that go past the write-back log, from when they come until the storage has answered:
// nothing else may change their ranges meanwhile.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';
import { SECTOR_BYTES } from '../sectors.ts';

type Change = Pick<DiskIo, 'operation' | 'offset' | 'length'>;

/** In whole sectors, in bytes. */
export interface PassingRange {
  change: Change;
  start: number;
  length: number;
}

export class PassingRanges {
  #ranges: PassingRange[] = [];

  add({ operation, offset, length }: Change): PassingRange {
    const start = offset - (offset % SECTOR_BYTES);
    const end = Math.ceil((offset + length) / SECTOR_BYTES) * SECTOR_BYTES;
    const range = { change: { operation, offset, length }, start, length: end - start };
    this.#ranges.push(range);
    return range;
  }

  touch({ offset, length }: Change): boolean {
    const { length: count } = this.#ranges;
    if (count === 0) return false;
    return this.#ranges.some(
      (range) => offset < range.start + range.length && offset + length > range.start,
    );
  }

  remove(range: PassingRange): void {
    this.#ranges = this.#ranges.filter((other) => other !== range);
  }

  /** An I/O has no identity that outlives a hook: one that is alike will do. */
  ended({ operation, offset, length }: Change): void {
    const index = this.#ranges.findIndex(
      ({ change }) =>
        change.operation === operation && change.offset === offset && change.length === length,
    );
    if (index >= 0) this.#ranges.splice(index, 1);
  }
}
