// How long a holder may rely on what it last renewed: ten seconds from the start of that renewal,
// by a clock that never goes back. Once over, it stays over.
import type { Clock } from '#lib/base/clock.ts';
import { LOCK_LEASE_MS } from '#lib/model/limits.ts';

export class Lease {
  readonly #clock: Clock;
  #end: number;
  #over = false;

  /** `startedAt`: monotonic time before that was written which others take for a sign of life. */
  constructor(clock: Clock, startedAt: number) {
    this.#clock = clock;
    this.#end = startedAt + LOCK_LEASE_MS;
  }

  /** Cheap: it is asked before each batch of I/O. */
  isCurrent(): boolean {
    if (this.#over) return false;
    if (this.#clock.monotonic() < this.#end) return true;
    this.#over = true;
    return false;
  }

  /**
   * A renewal that began then has succeeded. False when it ended after the lease: it is worth
   * nothing then, since another may have broken the lock meanwhile.
   */
  extend(startedAt: number): boolean {
    if (!this.isCurrent()) return false;
    this.#end = startedAt + LOCK_LEASE_MS;
    return true;
  }
}
