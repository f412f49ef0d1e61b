// Tells whether a file's data come from memory or from a slow device: one slow read on the calling
// thread sends the next ones to other threads, so that a cold disk does not stop the loop again and
// again.
import type { Clock } from '#lib/base/clock.ts';

/** A read of a few hundred KiB from memory takes a tenth of that, in milliseconds. */
const SLOW_MS = 1;
/** So many reads go to other threads before one is tried here again. */
const COLD_READS = 64;

export class ReadPace {
  readonly #clock: Clock;
  #coldReads = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the next read should leave this thread. Each call counts as one read. */
  isCold(): boolean {
    if (this.#coldReads === 0) return false;
    this.#coldReads -= 1;
    return true;
  }

  /** Runs a read here and judges by its time. */
  time(read: () => number): number {
    const startedAt = this.#clock.monotonic();
    const error = read();
    if (this.#clock.monotonic() - startedAt > SLOW_MS) this.#coldReads = COLD_READS;
    return error;
  }
}
