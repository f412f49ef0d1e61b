// How often a VM's process may end unexpectedly before its host stops starting it again.
import { CRASH_WINDOW_MS, CRASHES_MAX } from '#lib/model/limits.ts';

export class CrashCount {
  #times: number[] = [];

  /** One more, by the monotonic clock. True when that is one too many. */
  add(now: number): boolean {
    this.#times = [...this.#times.filter((time) => now - time < CRASH_WINDOW_MS), now];
    return this.#times.length >= CRASHES_MAX;
  }

  /** Begins anew: an administrator has powered the VM on. */
  forget(): void {
    this.#times = [];
  }
}
