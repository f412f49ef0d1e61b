// The limits of one disk in I/Os and in bytes, a token bucket each. Both must be open for an I/O to
// go. Pure: time comes in as an argument.
import { TokenBucket } from './token-bucket.ts';

/** Units and bytes in a second, 0 for no limit; a bucket holds so many seconds of its limit. */
export interface Limits {
  iops: number;
  bytes: number;
  burstSeconds: number;
}

/** How full the buckets are; null for that of no limit, and for a full one. */
export interface Levels {
  ios: number | null;
  bytes: number | null;
}

export class LimitBuckets {
  #ios: TokenBucket;
  #bytes: TokenBucket;
  #limits: Limits;
  isUnlimited: boolean;

  constructor(limits: Limits, now: number, levels: Levels) {
    this.#limits = limits;
    this.#ios = bucket({ rate: limits.iops, now, level: levels.ios }, limits);
    this.#bytes = bucket({ rate: limits.bytes, now, level: levels.bytes }, limits);
    this.isUnlimited = limits.iops === 0 && limits.bytes === 0;
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** From no limit to a limit a bucket starts full, as when the disk is opened. */
  change(limits: Limits, now: number): void {
    this.refill(now, false);
    const { ios, bytes } = this.levels;
    this.#limits = limits;
    this.#ios = bucket({ rate: limits.iops, now, level: ios }, limits);
    this.#bytes = bucket({ rate: limits.bytes, now, level: bytes }, limits);
    this.isUnlimited = limits.iops === 0 && limits.bytes === 0;
  }

  refill(now: number, isWaitedFor: boolean): void {
    this.#ios.refill(now, isWaitedFor);
    this.#bytes.refill(now, isWaitedFor);
  }

  get isOpen(): boolean {
    return this.#ios.open && this.#bytes.open;
  }

  take(units: number, bytes: number): void {
    this.#ios.take(units);
    this.#bytes.take(bytes);
  }

  /** Forgets debt beyond one full bucket. */
  forgive(): void {
    this.#ios.forgive();
    this.#bytes.forgive();
  }

  /** Milliseconds until both are open. */
  get waitMs(): number {
    return Math.max(this.#ios.waitMs, this.#bytes.waitMs);
  }

  get levels(): Levels {
    return {
      ios: this.#ios.rate === 0 ? null : this.#ios.level,
      bytes: this.#bytes.rate === 0 ? null : this.#bytes.level,
    };
  }
}

function bucket(
  { rate, now, level }: { rate: number; now: number; level: number | null },
  { burstSeconds }: Limits,
): TokenBucket {
  const capacity = Math.max(1, rate * burstSeconds);
  return new TokenBucket({ rate, capacity, level: level ?? capacity, now });
}
