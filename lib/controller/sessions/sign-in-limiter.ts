// Slows down guessing: counts failed sign-ins for a name from an address, for an address, and for a
// name. Kept in the memory of one web process, and bounded: whoever floods it only makes it forget
// the oldest.
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';

/** Failures older than this no longer count, in milliseconds. */
export const FAILURE_WINDOW_MS = 5 * 60 * 1000;
/** A name from one address; all names from one address; one name from all addresses. */
export const FAILURES_MAX = { pair: 5, address: 30, name: 50 } as const;
const KEYS_MAX = 10_000;

export interface SignInAttempt {
  userName: string;
  address: string;
}

export class SignInLimiter {
  readonly #clock: Clock;
  /** Times of the failures that still count, by key, the least recently failed key first. */
  readonly #failures = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts the attempt as failed until `succeeded` is called, so that many at once are counted too.
   * Throws `TooManyRequests` with `retryAfterSeconds` when there were too many failures of late.
   */
  begin(attempt: SignInAttempt): void {
    for (const [key, most] of keysOf(attempt)) this.#refuse(key, most);
    for (const [key] of keysOf(attempt)) {
      const recent = this.#recent(key);
      recent.push(this.#clock.monotonic());
      this.#failures.delete(key);
      this.#failures.set(key, recent);
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= KEYS_MAX) break;
      this.#failures.delete(key);
    }
  }

  /**
   * The attempt was right: the name's failures from this address are forgotten, the other counts
   * stay.
   */
  succeeded(attempt: SignInAttempt): void {
    for (const [key] of keysOf(attempt)) this.#failures.get(key)?.pop();
    this.#failures.delete(pairKey(attempt));
  }

  #refuse(key: string, most: number): void {
    const recent = this.#recent(key);
    const first = recent[recent.length - most];
    if (first === undefined) return;
    const waitMs = first + FAILURE_WINDOW_MS - this.#clock.monotonic();
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new Fault(
      'TooManyRequests',
      `Too many failed sign-ins. Try again in ${seconds} seconds.`,
      { data: { retryAfterSeconds: seconds } },
    );
  }

  #recent(key: string): number[] {
    const since = this.#clock.monotonic() - FAILURE_WINDOW_MS;
    return (this.#failures.get(key) ?? []).filter((at) => at > since);
  }
}

function pairKey({ userName, address }: SignInAttempt): string {
  return `pair ${address} ${userName}`;
}

function keysOf(attempt: SignInAttempt): [key: string, most: number][] {
  return [
    [pairKey(attempt), FAILURES_MAX.pair],
    [`address ${attempt.address}`, FAILURES_MAX.address],
    [`name ${attempt.userName}`, FAILURES_MAX.name],
  ];
}
