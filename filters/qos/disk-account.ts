// What the daemon knows of one disk: what it asked for, what it has sent, and how far its virtual
// time has come. Pure: time comes in as an argument, milliseconds, monotonic.
import type { ReportMessage } from './messages.ts';
import type { QosSettings } from './settings.ts';

/** A disk that has not reported for so long does not work, in milliseconds. */
const SILENT_MS = 2_000;
/** An average follows by this share with each report of a tenth of a second. */
const FOLLOW = 0.5;
const FOLLOW_MS = 100;
/** Under way for this share of the time: it would take more if it could. */
const BUSY = 0.5;
/**
 * A guest or a host that gets no time for a moment asks for nothing meanwhile, and wants its part
 * of the limit all the same: it is held back until so long after its last I/O that was.
 */
const HUNGRY_MS = 500;

export class DiskAccount {
  settings: QosSettings;
  /** Virtual time: grows by what it sent over its part, so by what all would send meanwhile. */
  tag = 0;
  /** What it was due when it was asked last, in units a second. */
  entitled = 0;
  /** Units that are sent and are not in its tag yet. */
  uncharged = 0;
  /** Averages: units, bytes and I/Os in a second, I/Os under way, milliseconds for each. */
  unitRate = 0;
  byteRate = 0;
  ioRate = 0;
  underWay = 0;
  latencyMs = 0;
  /** Longest time between two reports lately, in milliseconds. */
  reportsEvery = 0;
  units = 0;
  held = 0;
  limited = 0;
  #limitedAt = Number.NEGATIVE_INFINITY;
  #active = false;
  #last: ReportMessage | null = null;
  #lastAt = 0;

  constructor(settings: QosSettings) {
    this.settings = settings;
  }

  take(report: ReportMessage, now: number): void {
    const last = this.#last;
    const elapsed = now - this.#lastAt;
    // One that opened anew counts from nothing.
    const isSame = last !== null && report.units >= last.units && report.ios >= last.ios;
    if (isSame && elapsed > 0) this.#follow(last, report, elapsed);
    this.#last = report;
    this.#lastAt = now;
    this.#active = report.active;
    this.units = report.units;
    this.held = report.held;
    this.limited = report.limited;
    if (report.limited > 0) this.#limitedAt = now;
  }

  /** Its limit holds it back. */
  isHungry(now: number): boolean {
    return this.isActive(now) && now - this.#limitedAt < HUNGRY_MS;
  }

  /** Forgets its rates when it says nothing any more. */
  isActive(now: number): boolean {
    if (this.#active && now - this.#lastAt > SILENT_MS) this.#active = false;
    if (!this.#active) {
      this.unitRate = this.byteRate = this.ioRate = this.underWay = 0;
      this.held = this.limited = this.reportsEvery = 0;
    }
    return this.#active;
  }

  /** It would take more from its storage if it got more. Its own limit may hold it back first. */
  isBacklogged(now: number): boolean {
    if (!this.isActive(now)) return false;
    return this.held > 0 || (this.limited === 0 && this.underWay >= BUSY);
  }

  #follow(last: ReportMessage, report: ReportMessage, elapsed: number): void {
    const share = 1 - (1 - FOLLOW) ** (elapsed / FOLLOW_MS);
    const perSecond = (grown: number, rate: number) =>
      rate + ((grown * 1000) / elapsed - rate) * share;
    this.uncharged += report.units - last.units;
    this.unitRate = perSecond(report.units - last.units, this.unitRate);
    this.byteRate = perSecond(report.bytes - last.bytes, this.byteRate);
    this.ioRate = perSecond(report.ios - last.ios, this.ioRate);
    if (report.latencyMs > 0) this.latencyMs += (report.latencyMs - this.latencyMs) * share;
    // Little's law: what is under way is what comes in a second times how long it stays.
    this.underWay = (this.ioRate * this.latencyMs) / 1000;
    this.reportsEvery = Math.max(elapsed, this.reportsEvery * (1 - share / 4));
  }
}
