// Takes the marks off regions of which the target has everything, some time after they were written
// last, so that a region in use is not marked again and again. What the target has must be durable
// on the disk as well before that: else a loss of power would leave the copy ahead, unmarked.
import type { BelowIo, FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { ChangeOrder } from './change-order.ts';
import type { RecordStream } from './record-stream.ts';
import { areaOf, RegionMap } from './region-map.ts';
import type { StateStore } from './state-store.ts';

/** Between two looks, in milliseconds: a region stays marked for at least as long. */
const INTERVAL_MS = 30_000;

export interface MarksCleanerParts {
  below: BelowIo;
  clock: FilterContext['clock'];
  store: StateStore;
  order: ChangeOrder;
  stream: RecordStream;
  toSend(): RegionMap;
  log(message: string): void;
}

export class MarksCleaner {
  readonly #parts: MarksCleanerParts;
  /** Sent, or to be sent, since the last look. */
  #touched: RegionMap;
  /** The last record at that time. */
  #lastThen = 0;
  #timer: FilterTimer | null = null;
  #isClosed = false;

  constructor(parts: MarksCleanerParts) {
    this.#parts = parts;
    this.#touched = new RegionMap(parts.store.state.sizeBytes);
  }

  touch(offset: number, end: number): void {
    const area = areaOf(offset, end, this.#touched.sizeBytes);
    if (!this.#touched.hasAll(area.offset, area.end)) this.#touched.add(area.offset, area.end);
    this.#arm();
  }

  resize(sizeBytes: number): void {
    this.#touched = this.#touched.resized(sizeBytes);
  }

  /** Looks now; `all`: also at what was sent since the last time, all of which is there. */
  async clean(all: boolean): Promise<void> {
    const { below, store, stream } = this.#parts;
    if (!all && stream.acknowledged < this.#lastThen) return;
    const cleared = store.marks.copy();
    if (!all) cleared.removeMap(this.#touched);
    this.#keep(cleared);
    const last = stream.last;
    if (all) this.#touched.clear();
    const confirmed = stream.acknowledged;
    if (!cleared.isEmpty) {
      await below.flush();
      // The disk has grown: regions may have another size.
      if (cleared.sizeBytes !== store.state.sizeBytes) return;
      // The guest may have written meanwhile.
      cleared.removeMap(this.#touched);
      this.#keep(cleared);
      store.unmark(cleared);
      store.state.confirmed = Math.max(store.state.confirmed, confirmed);
      await store.save();
    }
    this.#touched.clear();
    this.#lastThen = Math.max(last, stream.last);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** What is still to be sent, or under way, stays marked. */
  #keep(cleared: RegionMap): void {
    const { order, toSend } = this.#parts;
    cleared.removeMap(toSend());
    for (const range of order.ranges) {
      const { offset, end } = areaOf(range.offset, range.end, cleared.sizeBytes);
      cleared.remove(offset, end);
    }
  }

  #arm(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#parts.clock.after(INTERVAL_MS, () => {
      this.clean(false)
        .catch((thrown: unknown) => this.#parts.log(`marks stay: ${String(thrown)}`))
        .finally(() => {
          this.#timer = null;
          if (!this.#parts.store.marks.isEmpty) this.#arm();
        });
    });
  }
}
