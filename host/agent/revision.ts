// The number that changes whenever anything in the host's report changes, and those who wait for it
// to change.
import type { Clock } from '#lib/base/clock.ts';

export class Revision {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #value = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get value(): number {
    return this.#value;
  }

  bump(): void {
    this.#value += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Resolves when the revision differs from the known one, the time is over, or the signal aborts.
   */
  waitBeyond(known: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#value !== known || waitMs === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(waitMs, wake);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      const waiting = this.#waiting;
      function wake(): void {
        timer.cancel();
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      }
    });
  }
}
