// Tells whether a file answers from memory or waits for a slow device: one slow transfer on the
// calling thread sends the next ones to other threads, so that a cold disk, or one that is busy
// with writing back, does not stop the loop again and again.
import type { Clock } from '#lib/base/clock.ts';

/** A few hundred KiB to or from memory take a tenth of that, in milliseconds. */
const SLOW_MS = 1;
/** So many transfers go to other threads before one is tried here again. */
const SLOW_TRANSFERS = 64;

export class TransferPace {
  readonly #clock: Clock;
  #slow = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the next transfer should leave this thread. Each call counts as one transfer. */
  isSlow(): boolean {
    if (this.#slow === 0) return false;
    this.#slow -= 1;
    return true;
  }

  /** Runs a transfer here and judges by its time. */
  time(transfer: () => number): number {
    const startedAt = this.#clock.monotonic();
    const error = transfer();
    if (this.#clock.monotonic() - startedAt > SLOW_MS) this.#slow = SLOW_TRANSFERS;
    return error;
  }
}
