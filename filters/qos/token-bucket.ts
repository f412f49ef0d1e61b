// A token bucket that may go into debt: an I/O is let through while anything is left, and then pays
// its whole price. So an I/O larger than the bucket passes, and the rate holds all the same.
// Pure: time comes in as an argument.

/** A timer may come so late without a loss, in milliseconds. */
const LATE_MS = 100;

export class TokenBucket {
  /** Tokens in a second; 0 means no limit. */
  readonly rate: number;
  /** Tokens that may pile up while nothing comes. */
  readonly capacity: number;
  #level: number;
  #at: number;

  constructor({
    rate,
    capacity,
    level,
    now,
  }: {
    rate: number;
    capacity: number;
    level: number;
    now: number;
  }) {
    this.rate = rate;
    this.capacity = capacity;
    this.#level = Math.min(level, capacity);
    this.#at = now;
  }

  get level(): number {
    return this.#level;
  }

  /**
   * Adds what has grown since the last time. Milliseconds, monotonic. While I/Os wait, what grows
   * is theirs, and a timer that comes late must not cost the disk a part of its limit.
   */
  refill(now: number, isWaitedFor = false): void {
    const grown = ((now - this.#at) * this.rate) / 1000;
    if (grown <= 0) return;
    const most = isWaitedFor
      ? Math.max(this.capacity, (this.rate * LATE_MS) / 1000)
      : this.capacity;
    this.#level = Math.min(most, this.#level + grown);
    this.#at = now;
  }

  get open(): boolean {
    return this.rate === 0 || this.#level > 0;
  }

  take(cost: number): void {
    if (this.rate !== 0) this.#level -= cost;
  }

  /**
   * Forgets debt beyond one full bucket, so that a drain does not stall the disk for long after.
   */
  forgive(): void {
    this.#level = Math.max(this.#level, -this.capacity);
  }

  /** Milliseconds until it is open again; 0 when it is. */
  get waitMs(): number {
    return this.open ? 0 : (-this.#level * 1000) / this.rate;
  }
}
