// How fast a disk's records may be sent: always, and in hours of the day in which the line is
// needed for other things. What was not sent in time is earned like credit, up to a short burst.
import type { BusyHours, ChannelSettings } from '../messages.ts';

/** A line that is slower than this was idle: it may send so many milliseconds' worth at once. */
const BURST_MS = 250;
/** After so long, in milliseconds, is it looked again whether the hours have changed. */
const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_DAYS = 7;
/** 1970 began with a Thursday; days are counted from Sunday. */
const FIRST_DAY = 4;
const SATURDAY = 6;

export class Bandwidth {
  /** Bytes that may be sent; below zero, they are still to be earned. */
  #credit = 0;
  #creditAt: number;

  constructor(monotonic: number) {
    this.#creditAt = monotonic;
  }

  /** 0 when something may be sent now; else after how many milliseconds to ask again. */
  waitMs(
    settings: ChannelSettings,
    { monotonic, now }: { monotonic: number; now: number },
  ): number {
    const limit = limitAt(settings, now);
    if (limit === 0) {
      // Nothing is owed when a limit begins.
      this.#credit = 0;
      this.#creditAt = monotonic;
      return 0;
    }
    const most = (limit * BURST_MS) / 1000;
    const earned = ((monotonic - this.#creditAt) * limit) / 1000;
    this.#credit = Math.min(most, this.#credit + earned);
    this.#creditAt = monotonic;
    if (this.#credit > 0) return 0;
    return Math.min(LOOK_MS, Math.max(1, Math.ceil((-this.#credit / limit) * 1000) + 1));
  }

  sent(bytes: number): void {
    this.#credit -= bytes;
  }
}

/** Bytes in a second at a wall time in milliseconds since the Unix epoch; 0 for no limit. */
export function limitAt({ bandwidth, busy }: ChannelSettings, now: number): number {
  if (busy === null || !isBusy(busy, now)) return bandwidth;
  return bandwidth === 0 ? busy.bandwidth : Math.min(bandwidth, busy.bandwidth);
}

/** Hours over midnight are those of the day on which they begin. */
function isBusy({ from, until, onWeekends }: BusyHours, now: number): boolean {
  const hours = Math.floor(now / HOUR_MS);
  const hour = hours % DAY_HOURS;
  const isOverMidnight = from > until;
  const isIn = isOverMidnight ? hour >= from || hour < until : hour >= from && hour < until;
  if (!isIn || onWeekends) return isIn;
  const began = Math.floor(hours / DAY_HOURS) - (isOverMidnight && hour < until ? 1 : 0);
  const day = (began + FIRST_DAY) % WEEK_DAYS;
  return day !== 0 && day !== SATURDAY;
}
