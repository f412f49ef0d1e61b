// A disk's side of the line to the daemon: says what the disk asks for and does, some times a
// second while it works, and keeps what it was granted. What the daemon said last holds for a while
// without it; then the disk goes by what it knows itself.
import type { DaemonLine, FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { IoMeter } from './io-meter.ts';
import { decodeToDisk, encode, type GrantMessage, type PartMessage } from './messages.ts';
import type { QosSettings } from './settings.ts';

/** Between reports, while the storage is congested, and else; milliseconds. */
const REPORT_CONGESTED_MS = 20;
const REPORT_MS = 100;
/** A grant, and a part of a limit, hold for so long without a word of the daemon. */
const GRANT_LEASE_MS = 1_000;
const PART_LEASE_MS = 5_000;

export interface LinkParts {
  line: DaemonLine;
  clock: FilterContext['clock'];
  meter: IoMeter;
  storageId(): string;
  settings(): QosSettings;
  /** How many wait now, and what for. */
  waiting(): { ios: number; why: 'limit' | 'grant' };
  onGrant(grant: GrantMessage, now: number): void;
  /** Something may go that had to wait, or the part of the limit is another. */
  onChange(): void;
}

export class DaemonLink {
  readonly #parts: LinkParts;
  #untilUnits = Number.POSITIVE_INFINITY;
  #grant: GrantMessage | null = null;
  #grantAt = 0;
  #part: PartMessage | null = null;
  #partAt = 0;
  #timer: FilterTimer | null = null;
  #reportedAt: number;
  #reportedUnits = 0;
  #toldStorage = '';
  #held = 0;
  #limited = 0;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#reportedAt = parts.clock.monotonic();
    parts.line.onMessage((bytes) => this.#take(bytes));
    parts.line.onState((connected) => {
      if (!connected) return;
      this.tellSettings();
      if (this.#timer !== null) this.#report(true);
    });
  }

  get grant(): GrantMessage | null {
    return this.#grant;
  }

  /** Null before the daemon has said what it is. */
  get part(): PartMessage | null {
    return this.#part;
  }

  /** Whether the part is too old to go by. */
  get isAlone(): boolean {
    return this.#part !== null && this.#parts.clock.monotonic() - this.#partAt > PART_LEASE_MS;
  }

  get mayGo(): boolean {
    if (this.#parts.meter.units < this.#untilUnits) return true;
    if (this.#parts.clock.monotonic() - this.#grantAt < GRANT_LEASE_MS) return false;
    this.#untilUnits = Number.POSITIVE_INFINITY;
    return true;
  }

  /** Milliseconds until the disk may go without having heard anything. */
  get waitMs(): number {
    return Math.max(0, this.#grantAt + GRANT_LEASE_MS - this.#parts.clock.monotonic());
  }

  /** An I/O goes. */
  wake(): void {
    if (this.#timer === null) this.#begin();
  }

  /** An I/O must wait: for its limit, or for its turn. */
  tellWaiting(why: 'limit' | 'grant'): void {
    const isFirst = this.#limited === 0;
    if (why === 'limit') this.#limited += 1;
    else this.#held += 1;
    this.wake();
    // Its part may be too small because it asked for nothing yet.
    if (why === 'limit' && isFirst && this.#parts.settings().group !== null) this.#report(true);
  }

  tellSettings(): void {
    const { line, storageId, settings } = this.#parts;
    const told = storageId();
    if (line.send(encode({ kind: 'disk', storageId: told, settings: settings() }))) {
      this.#toldStorage = told;
    }
  }

  /** The limit is another's now. */
  forgetPart(): void {
    this.#part = null;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #begin(): void {
    this.#reportedAt = this.#parts.clock.monotonic();
    this.#report(true);
    this.#arm();
  }

  #arm(): void {
    const isCongested = this.#grant !== null && this.#grant.entitled !== null;
    const wait = isCongested ? REPORT_CONGESTED_MS : REPORT_MS;
    this.#timer = this.#parts.clock.after(wait, () => this.#tick());
  }

  #tick(): void {
    const { meter, storageId, waiting, onChange } = this.#parts;
    if (storageId() !== this.#toldStorage) this.tellSettings();
    const active = meter.units !== this.#reportedUnits || waiting().ios > 0;
    this.#report(active);
    this.#timer = null;
    if (active) this.#arm();
    if (this.isAlone) onChange();
  }

  #report(active: boolean): void {
    const { clock, meter, line, waiting } = this.#parts;
    const now = clock.monotonic();
    const latencyMs = meter.takeLatency(now - this.#reportedAt);
    const { units, bytes, ios } = meter;
    const { ios: stuck, why } = waiting();
    // Those that have not been looked at since the last report wait as well.
    const waits = {
      held: this.#held + (why === 'grant' ? stuck : 0),
      limited: this.#limited + (why === 'limit' ? stuck : 0),
    };
    line.send(encode({ kind: 'report', units, bytes, ios, latencyMs, ...waits, active }));
    this.#reportedAt = now;
    this.#reportedUnits = units;
    this.#held = this.#limited = 0;
  }

  #take(bytes: Uint8Array): void {
    const message = decodeToDisk(bytes);
    const now = this.#parts.clock.monotonic();
    if (message?.kind === 'grant') {
      const { untilUnits } = message;
      this.#grant = message;
      this.#grantAt = now;
      this.#parts.onGrant(message, now);
      this.#untilUnits = untilUnits ?? Number.POSITIVE_INFINITY;
    }
    if (message?.kind === 'part') {
      this.#part = message;
      this.#partAt = now;
    }
    if (message !== null) this.#parts.onChange();
  }
}
