// Holds one disk to its limits: an I/O passes while both buckets are open, else it waits its turn.
// First come, first served: once one waits, all that come later wait behind it.
import {
  DEFER,
  type Deferral,
  type DiskIo,
  type FilterContext,
  type FilterLifecycle,
  type FilterTimer,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { TokenBucket } from './token-bucket.ts';

const MIB = 1024 * 1024;
/** I/Os are counted in units of so many bytes, as Storage I/O Control does. */
export const NORMALISED_BYTES = 32 * 1024;

/** PASS is returned as nothing. */
type Pass = undefined;

interface Waiting {
  token: Deferral;
  units: number;
  bytes: number;
  since: number;
}

export class IoLimiter implements FilterLifecycle {
  readonly #clock: FilterContext['clock'];
  #ios: TokenBucket;
  #bytes: TokenBucket;
  #unlimited = true;
  #waiting: Waiting[] = [];
  /** Index of the first that still waits; those before it are spent. */
  #head = 0;
  #timer: FilterTimer | null = null;
  #units = 0;
  #delayed = 0;
  #recentDelayed = 0;
  #recentDelayMs = 0;

  constructor({ clock, properties, state }: FilterContext) {
    this.#clock = clock;
    const levels = readState(state);
    const now = clock.monotonic();
    this.#ios = iosBucket(properties, now, levels.ios);
    this.#bytes = bytesBucket(properties, now, levels.bytes);
    this.#unlimited = this.#ios.rate === 0 && this.#bytes.rate === 0;
  }

  read(io: DiskIo): Pass | typeof DEFER {
    if (this.#unlimited) return;
    return this.#admit(io, Math.ceil(io.length / NORMALISED_BYTES), io.length);
  }

  write(io: DiskIo): Pass | typeof DEFER {
    if (this.#unlimited) return;
    return this.#admit(io, Math.ceil(io.length / NORMALISED_BYTES), io.length);
  }

  /** Moves no data: one I/O, whatever its length. */
  writeZeroes(io: DiskIo): Pass | typeof DEFER {
    if (this.#unlimited) return;
    return this.#admit(io, 1, 0);
  }

  /** Moves no data: one I/O, whatever its length. */
  trim(io: DiskIo): Pass | typeof DEFER {
    if (this.#unlimited) return;
    return this.#admit(io, 1, 0);
  }

  setProperties(properties: PropertyValues): void {
    const now = this.#clock.monotonic();
    this.#ios.refill(now);
    this.#bytes.refill(now);
    // From no limit to a limit the bucket starts full, as when the disk is opened.
    const ios = this.#ios.rate === 0 ? null : this.#ios.level;
    const bytes = this.#bytes.rate === 0 ? null : this.#bytes.level;
    this.#ios = iosBucket(properties, now, ios);
    this.#bytes = bytesBucket(properties, now, bytes);
    this.#unlimited = this.#ios.rate === 0 && this.#bytes.rate === 0;
    this.#timer?.cancel();
    this.#timer = null;
    this.#release();
  }

  /**
   * A chain is rebuilt or moved only when no I/O is under way, and what waits here would hold that
   * up for as long as the limit says, while the guest stands still. So everything waiting goes at
   * once and is paid for with debt, up to one full bucket; the time of the pause itself pays back
   * part of it.
   */
  drain(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (let left = this.#waiting.length - this.#head; left > 0; left--) this.#releaseFirst();
    this.#ios.forgive();
    this.#bytes.forgive();
  }

  saveState(): Uint8Array {
    const now = this.#clock.monotonic();
    this.#ios.refill(now);
    this.#bytes.refill(now);
    const state = {
      ios: this.#ios.rate === 0 ? null : this.#ios.level,
      bytes: this.#bytes.rate === 0 ? null : this.#bytes.level,
    };
    return new TextEncoder().encode(JSON.stringify(state));
  }

  close(): void {
    this.drain();
  }

  statistics(): Record<string, number> {
    const numbers = {
      units: this.#units,
      delayed: this.#delayed,
      waiting: this.#waiting.length - this.#head,
      delay: this.#recentDelayed === 0 ? 0 : this.#recentDelayMs / this.#recentDelayed,
    };
    this.#recentDelayed = 0;
    this.#recentDelayMs = 0;
    return numbers;
  }

  #admit(io: DiskIo, units: number, bytes: number): Pass | typeof DEFER {
    const now = this.#clock.monotonic();
    const isWaitedFor = this.#head < this.#waiting.length;
    this.#ios.refill(now, isWaitedFor);
    this.#bytes.refill(now, isWaitedFor);
    this.#units += units;
    if (this.#head === this.#waiting.length && this.#ios.open && this.#bytes.open) {
      this.#ios.take(units);
      this.#bytes.take(bytes);
      return;
    }
    this.#delayed += 1;
    this.#waiting.push({ token: io.defer(), units, bytes, since: now });
    this.#arm();
    return DEFER;
  }

  #release(): void {
    const now = this.#clock.monotonic();
    this.#ios.refill(now, true);
    this.#bytes.refill(now, true);
    while (this.#head < this.#waiting.length && this.#ios.open && this.#bytes.open) {
      this.#releaseFirst();
    }
    if (this.#head < this.#waiting.length) this.#arm();
  }

  /**
   * Passing an I/O may end it, and its end may bring new ones: the queue is in order before that.
   */
  #releaseFirst(): void {
    const first = this.#waiting[this.#head];
    if (!first) return;
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#ios.take(first.units);
    this.#bytes.take(first.bytes);
    this.#recentDelayed += 1;
    this.#recentDelayMs += this.#clock.monotonic() - first.since;
    first.token.pass();
  }

  #arm(): void {
    if (this.#timer !== null) return;
    const wait = Math.max(this.#ios.waitMs, this.#bytes.waitMs);
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(wait)), () => {
      this.#timer = null;
      this.#release();
    });
  }
}

function iosBucket(properties: PropertyValues, now: number, level: number | null): TokenBucket {
  const rate = numberOf(properties, 'iopsLimit');
  const capacity = Math.max(1, rate * numberOf(properties, 'burstSeconds'));
  return new TokenBucket({ rate, capacity, level: level ?? capacity, now });
}

function bytesBucket(properties: PropertyValues, now: number, level: number | null): TokenBucket {
  const rate = numberOf(properties, 'throughputLimit') * MIB;
  const capacity = Math.max(1, rate * numberOf(properties, 'burstSeconds'));
  return new TokenBucket({ rate, capacity, level: level ?? capacity, now });
}

function numberOf(properties: PropertyValues, name: string): number {
  const value = properties[name];
  return typeof value === 'number' && value > 0 ? value : 0;
}

/**
 * The levels on the host that the VM came from; none when they cannot be read: then the buckets are
 * full.
 */
function readState(state: Uint8Array | null): { ios: number | null; bytes: number | null } {
  if (state === null) return { ios: null, bytes: null };
  try {
    const levels: unknown = JSON.parse(new TextDecoder().decode(state));
    return { ios: levelIn(levels, 'ios'), bytes: levelIn(levels, 'bytes') };
  } catch {
    // Another version may have written another format; a full bucket costs one burst.
    return { ios: null, bytes: null };
  }
}

function levelIn(levels: unknown, name: 'ios' | 'bytes'): number | null {
  if (typeof levels !== 'object' || levels === null) return null;
  const level = Object.entries(levels).find(([key]) => key === name)?.[1];
  return typeof level === 'number' && Number.isFinite(level) ? level : null;
}
