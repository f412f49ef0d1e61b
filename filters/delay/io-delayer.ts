// Holds each I/O of one disk back for the time that its operation is set to. I/Os do not wait for
// each other: a short delay overtakes a long one, as on a disk with a queue.
import {
  DEFER,
  type Deferral,
  type DiskIo,
  type FilterContext,
  type FilterHooks,
  type FilterLifecycle,
  type FilterTimer,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';

const KIB = 1024;

/** Passing is returned as nothing. */
type Held = undefined | typeof DEFER;

interface Waiting {
  token: Deferral;
  timer: FilterTimer;
  since: number;
}

interface Settings {
  readMs: number;
  writeMs: number;
  flushMs: number;
  otherMs: number;
  uniform: boolean;
  /** First byte, and the first behind the range. */
  start: number;
  end: number;
}

export class IoDelayer implements FilterHooks, FilterLifecycle {
  readonly #clock: FilterContext['clock'];
  readonly #waiting = new Set<Waiting>();
  #settings: Settings;
  #random: XorShift;
  #delayed = 0;
  #recent = 0;
  #recentMs = 0;

  constructor({ clock, properties }: FilterContext) {
    this.#clock = clock;
    this.#settings = settingsOf(properties);
    this.#random = new XorShift(numberOf(properties, 'seed'));
  }

  /** I/Os that wait already are answered when they were due. */
  setProperties(properties: PropertyValues): void {
    this.#settings = settingsOf(properties);
    this.#random = new XorShift(numberOf(properties, 'seed'));
  }

  read(io: DiskIo): Held {
    return this.#delay(io, this.#settings.readMs);
  }

  write(io: DiskIo): Held {
    return this.#delay(io, this.#settings.writeMs);
  }

  /** A flush is about the whole disk, so that no range leaves it out. */
  flush(io: DiskIo): Held {
    const { flushMs } = this.#settings;
    return flushMs === 0 ? undefined : this.#hold(io, flushMs);
  }

  trim(io: DiskIo): Held {
    return this.#delay(io, this.#settings.otherMs);
  }

  writeZeroes(io: DiskIo): Held {
    return this.#delay(io, this.#settings.otherMs);
  }

  prefetch(io: DiskIo): Held {
    return this.#delay(io, this.#settings.otherMs);
  }

  completed(): void {
    // The delay was on the way in; what comes back goes on at once.
  }

  /** What waits would hold up the rebuilding or moving of the chain: it goes now. */
  drain(): void {
    for (const waiting of [...this.#waiting]) {
      waiting.timer.cancel();
      this.#release(waiting);
    }
  }

  close(): void {
    this.drain();
  }

  statistics(): Record<string, number> {
    const numbers = {
      delayed: this.#delayed,
      waiting: this.#waiting.size,
      delay: this.#recent === 0 ? 0 : this.#recentMs / this.#recent,
    };
    this.#recent = 0;
    this.#recentMs = 0;
    return numbers;
  }

  #delay(io: DiskIo, milliseconds: number): Held {
    const { start, end } = this.#settings;
    if (milliseconds === 0 || io.offset >= end || io.offset + io.length <= start) return;
    return this.#hold(io, milliseconds);
  }

  #hold(io: DiskIo, milliseconds: number): typeof DEFER {
    const share = this.#settings.uniform ? 2 * this.#random.next() : 1;
    const token = io.defer();
    const since = this.#clock.monotonic();
    const timer = this.#clock.after(milliseconds * share, () => this.#release(waiting));
    const waiting: Waiting = { token, timer, since };
    this.#waiting.add(waiting);
    this.#delayed += 1;
    return DEFER;
  }

  #release(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#recent += 1;
    this.#recentMs += this.#clock.monotonic() - waiting.since;
    waiting.token.pass();
  }
}

function settingsOf(properties: PropertyValues): Settings {
  const start = numberOf(properties, 'rangeStartKib') * KIB;
  const length = numberOf(properties, 'rangeKib') * KIB;
  return {
    readMs: numberOf(properties, 'readMs'),
    writeMs: numberOf(properties, 'writeMs'),
    flushMs: numberOf(properties, 'flushMs'),
    otherMs: numberOf(properties, 'otherMs'),
    uniform: properties.distribution === 'uniform',
    start,
    end: length === 0 ? Number.POSITIVE_INFINITY : start + length,
  };
}

function numberOf(properties: PropertyValues, name: string): number {
  const value = properties[name];
  return typeof value === 'number' && value > 0 ? value : 0;
}
