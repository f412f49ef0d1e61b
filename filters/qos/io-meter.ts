// Counts what one disk sends to its storage, and how long the storage takes: one I/O of some is
// timed. An I/O has no identity that outlives a hook; it is known again by what it asks for.
import type { DiskIo, FilterContext } from '#lib/filter-sdk/filter.ts';

/** What is kept of an I/O that goes to the storage. */
export interface SentIo {
  units: number;
  bytes: number;
  offset: number;
  isRead: boolean;
}

/** One of so many is timed while there are many of them in a second. */
const TIMED_EVERY = 16;
const MANY_IN_A_SECOND = 2_000;
/** An I/O that has not come back by then is timed no more, in milliseconds. */
const LOST_MS = 10_000;

export class IoMeter {
  units = 0;
  bytes = 0;
  ios = 0;
  readonly #clock: FilterContext['clock'];
  #every = TIMED_EVERY;
  #untilTimed = 1;
  #timedAt = -1;
  #timedOffset = 0;
  #timedBytes = 0;
  #timedIsRead = false;
  #timings = 0;
  #timingsMs = 0;
  #lastIos = 0;

  constructor(clock: FilterContext['clock']) {
    this.#clock = clock;
  }

  send(units: number, bytes: number, offset: number, isRead: boolean): void {
    this.units += units;
    if (bytes === 0) return;
    this.bytes += bytes;
    this.ios += 1;
    this.#untilTimed -= 1;
    if (this.#untilTimed > 0) return;
    this.#untilTimed = this.#every;
    this.#time(bytes, offset, isRead);
  }

  completed(io: DiskIo): void {
    if (this.#timedAt < 0 || io.offset !== this.#timedOffset) return;
    const isRead = io.operation === 'read';
    if (io.length !== this.#timedBytes || isRead !== this.#timedIsRead) return;
    if (!isRead && io.operation !== 'write') return;
    this.#timings += 1;
    this.#timingsMs += this.#clock.monotonic() - this.#timedAt;
    this.#timedAt = -1;
  }

  /** Mean time of those timed since the last call, in milliseconds; 0 when there were none. */
  takeLatency(elapsedMs: number): number {
    const mean = this.#timings === 0 ? 0 : this.#timingsMs / this.#timings;
    this.#timings = this.#timingsMs = 0;
    const inASecond = ((this.ios - this.#lastIos) * 1000) / Math.max(1, elapsedMs);
    this.#lastIos = this.ios;
    this.#every = inASecond > MANY_IN_A_SECOND ? TIMED_EVERY : 1;
    return mean;
  }

  #time(bytes: number, offset: number, isRead: boolean): void {
    const now = this.#clock.monotonic();
    if (this.#timedAt >= 0 && now - this.#timedAt < LOST_MS) return;
    this.#timedAt = now;
    this.#timedOffset = offset;
    this.#timedBytes = bytes;
    this.#timedIsRead = isRead;
  }
}
