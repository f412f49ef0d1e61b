// When a VM's process that ended unexpectedly is started again: at once after a good run, then with
// growing pauses, and no more when it has ended too often.
import { backoffMs } from '#lib/base/backoff.ts';
import { CRASH_WINDOW_MS, CRASHES_MAX } from '#lib/model/limits.ts';

const PAUSES = { firstMs: 500, maxMs: 30_000 };
/** A process that ran for so long has started well: the next restart comes at once again. */
const STABLE_MS = 60_000;

/** All times are milliseconds by the monotonic clock. */
export class Restarts {
  #attempt = 0;
  #nextTryAt = 0;
  #ends: number[] = [];

  /** Begins anew: an administrator has powered the VM on. */
  forget(): void {
    this.#attempt = this.#nextTryAt = 0;
    this.#ends = [];
  }

  /** The process has ended after it ran for so long. False when that was once too often. */
  ended(now: number, ranMs: number): boolean {
    if (ranMs > STABLE_MS) this.#attempt = 0;
    this.#nextTryAt = now + (this.#attempt === 0 ? 0 : backoffMs(PAUSES, this.#attempt));
    this.#ends = [...this.#ends.filter((at) => now - at < CRASH_WINDOW_MS), now];
    return this.#ends.length < CRASHES_MAX;
  }

  isDue(now: number): boolean {
    return now >= this.#nextTryAt;
  }

  started(): void {
    this.#attempt += 1;
  }

  /** It could not be started. */
  failed(now: number): void {
    this.#nextTryAt = now + backoffMs(PAUSES, this.#attempt);
    this.#attempt += 1;
  }
}
