// Time as an argument. Only entry points make the real clock (system-clock.ts); all else is given
// one.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. May step. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back, with sub-millisecond resolution. */
  monotonic(): number;
  /** Calls back once, after at least the given number of milliseconds. */
  after(milliseconds: number, callback: () => void): Timer;
}

/** Resolves after at least the given number of milliseconds, or at once when the signal aborts. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = clock.after(milliseconds, finish);
    signal?.addEventListener('abort', finish, { once: true });
    function finish(): void {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    }
  });
}
