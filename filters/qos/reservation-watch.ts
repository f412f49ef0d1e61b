// Tells the administrator when a disk's reservation is not met, because more is reserved on its
// datastore than that can do.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import type { GrantMessage } from './messages.ts';
import type { QosSettings } from './settings.ts';

/** So far below the reservation is short of it; what is measured moves by a few per cent. */
const SHORT_PART = 0.95;
/** For so long, in milliseconds, before it is worth a word. */
const SHORT_MS = 10_000;
/** From one word to the next, in milliseconds. */
const SILENT_MS = 600_000;

export class ReservationWatch {
  readonly #raiseEvent: FilterContext['raiseEvent'];
  #shortSince: number | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(raiseEvent: FilterContext['raiseEvent']) {
    this.#raiseEvent = raiseEvent;
  }

  /** To be called with each grant; `now` in milliseconds. */
  look({ entitled }: GrantMessage, { reservation, iopsLimit }: QosSettings, now: number): void {
    const wanted = iopsLimit === 0 ? reservation : Math.min(reservation, iopsLimit);
    if (entitled === null || entitled >= wanted * SHORT_PART) {
      this.#shortSince = null;
      return;
    }
    this.#shortSince ??= now;
    if (now - this.#shortSince < SHORT_MS || now - this.#toldAt < SILENT_MS) return;
    this.#toldAt = now;
    const message =
      `${wanted} IOPS are reserved for this disk, and it gets ${entitled}: more is reserved on ` +
      'its datastore than that can do at present';
    this.#raiseEvent('warning', message);
  }
}
