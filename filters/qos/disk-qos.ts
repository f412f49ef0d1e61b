// Holds one disk to its limits, and to what it is granted while its datastore is congested. First
// come, first served: once one I/O waits, all that come later wait behind it. An I/O that need not
// wait passes as a plain call.
import {
  DEFER,
  type DiskIo,
  type FilterContext,
  type FilterLifecycle,
  type FilterTimer,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { DaemonLink } from './daemon-link.ts';
import { IoMeter } from './io-meter.ts';
import { LimitBuckets, type Limits } from './limit-buckets.ts';
import { ReservationWatch } from './reservation-watch.ts';
import { NORMALISED_BYTES, type QosSettings, settingsOf } from './settings.ts';
import { readState, stateOf } from './stored-state.ts';
import { WaitQueue } from './wait-queue.ts';

/** PASS is returned as nothing. */
type Pass = undefined;

export class DiskQos implements FilterLifecycle {
  readonly #clock: FilterContext['clock'];
  readonly #meter: IoMeter;
  readonly #queue = new WaitQueue();
  readonly #buckets: LimitBuckets;
  readonly #link: DaemonLink | null;
  #settings: QosSettings;
  #timer: FilterTimer | null = null;
  #delayed = 0;
  #heldBack = 0;
  /** Why the first of those that wait does. */
  #why: 'limit' | 'grant' = 'limit';
  #recentDelayed = 0;
  #recentDelayMs = 0;

  constructor({ clock, properties, state, daemon, storageId, raiseEvent }: FilterContext) {
    this.#clock = clock;
    this.#meter = new IoMeter(clock);
    this.#settings = settingsOf(properties);
    this.#buckets = new LimitBuckets(limitsOf(this.#settings), clock.monotonic(), readState(state));
    if (daemon === null) {
      this.#link = null;
      return;
    }
    const reservation = new ReservationWatch(raiseEvent);
    this.#link = new DaemonLink({
      ...{ line: daemon, clock, meter: this.#meter, storageId },
      settings: () => this.#settings,
      onGrant: (grant, now) => reservation.look(grant, this.#settings, now),
      waiting: () => ({ ios: this.#queue.length, why: this.#why }),
      onChange: () => this.#reconsider(),
    });
  }

  read(io: DiskIo): Pass | typeof DEFER {
    return this.#admit(io, Math.ceil(io.length / NORMALISED_BYTES), io.length);
  }

  write(io: DiskIo): Pass | typeof DEFER {
    return this.#admit(io, Math.ceil(io.length / NORMALISED_BYTES), io.length);
  }

  /** Moves no data: one I/O, whatever its length. */
  writeZeroes(io: DiskIo): Pass | typeof DEFER {
    return this.#admit(io, 1, 0);
  }

  /** Moves no data: one I/O, whatever its length. */
  trim(io: DiskIo): Pass | typeof DEFER {
    return this.#admit(io, 1, 0);
  }

  completed(io: DiskIo): Pass {
    this.#meter.completed(io);
  }

  setProperties(properties: PropertyValues): void {
    const { group } = this.#settings;
    this.#settings = settingsOf(properties);
    if (group !== this.#settings.group) this.#link?.forgetPart();
    this.#link?.tellSettings();
    this.#buckets.change(this.#limits(), this.#clock.monotonic());
    this.#stopTimer();
    this.#release();
  }

  /**
   * A chain is rebuilt or moved only when no I/O is under way, and what waits here would hold that
   * up for as long as the limit says, while the guest stands still. So everything waiting goes at
   * once and is paid for with debt, up to one full bucket; the time of the pause itself pays back
   * part of it.
   */
  drain(): void {
    this.#stopTimer();
    for (let left = this.#queue.length; left > 0; left--) this.#releaseFirst();
    this.#buckets.forgive();
  }

  saveState(): Uint8Array {
    this.#buckets.refill(this.#clock.monotonic(), false);
    return stateOf(this.#buckets.levels);
  }

  close(): void {
    this.drain();
    this.#link?.close();
  }

  statistics(): Record<string, number> {
    const grant = this.#link?.grant ?? null;
    const numbers = {
      units: this.#meter.units,
      delayed: this.#delayed,
      heldBack: this.#heldBack,
      waiting: this.#queue.length,
      delay: this.#recentDelayed === 0 ? 0 : this.#recentDelayMs / this.#recentDelayed,
      limit: Math.round(this.#buckets.limits.iops),
      ...(grant !== null && { storageLatency: grant.latencyMs }),
      ...(grant !== null && { entitled: grant.entitled ?? 0 }),
    };
    this.#recentDelayed = 0;
    this.#recentDelayMs = 0;
    return numbers;
  }

  #admit(io: DiskIo, units: number, bytes: number): Pass | typeof DEFER {
    const buckets = this.#buckets;
    const link = this.#link;
    const isWaitedFor = this.#queue.length > 0;
    if (!buckets.isUnlimited) buckets.refill(this.#clock.monotonic(), isWaitedFor);
    if (!isWaitedFor && buckets.isOpen && (link === null || link.mayGo)) {
      buckets.take(units, bytes);
      this.#meter.send(units, bytes, io.offset, io.operation === 'read');
      link?.wake();
      return;
    }
    return this.#wait(io, units, bytes);
  }

  #wait(io: DiskIo, units: number, bytes: number): typeof DEFER {
    if (this.#queue.length === 0) this.#why = this.#buckets.isOpen ? 'grant' : 'limit';
    if (this.#why === 'limit') this.#delayed += 1;
    else this.#heldBack += 1;
    const { offset, operation } = io;
    const since = this.#clock.monotonic();
    const isRead = operation === 'read';
    this.#queue.add({ token: io.defer(), units, bytes, offset, isRead, since });
    this.#link?.tellWaiting(this.#why);
    this.#arm();
    return DEFER;
  }

  /** The daemon has said something. */
  #reconsider(): void {
    const wanted = this.#limits();
    const { limits } = this.#buckets;
    if (wanted.iops !== limits.iops || wanted.bytes !== limits.bytes) {
      this.#buckets.change(wanted, this.#clock.monotonic());
    }
    if (this.#queue.length === 0) return;
    this.#stopTimer();
    this.#release();
  }

  /** The policy's, or this disk's part of them. */
  #limits(): Limits {
    const whole = limitsOf(this.#settings);
    const part = this.#settings.group === null ? null : (this.#link?.part ?? null);
    if (part === null) return whole;
    const isAlone = this.#link?.isAlone ?? false;
    // No limit is 0, and a part is never that much.
    const iops = Math.max(1, isAlone ? part.aloneIops : part.iops);
    const bytes = Math.max(1, isAlone ? part.aloneBytes : part.bytes);
    return {
      iops: whole.iops === 0 ? 0 : iops,
      bytes: whole.bytes === 0 ? 0 : bytes,
      burstSeconds: whole.burstSeconds,
    };
  }

  #release(): void {
    this.#buckets.refill(this.#clock.monotonic(), true);
    while (this.#queue.length > 0 && this.#buckets.isOpen && (this.#link?.mayGo ?? true)) {
      this.#releaseFirst();
    }
    if (this.#queue.length === 0) return;
    this.#why = this.#buckets.isOpen ? 'grant' : 'limit';
    this.#link?.tellWaiting(this.#why);
    this.#arm();
  }

  /**
   * Passing an I/O may end it, and its end may bring new ones: the queue is in order before that.
   */
  #releaseFirst(): void {
    const first = this.#queue.takeFirst();
    if (!first) return;
    const { units, bytes, offset, isRead, since, token } = first;
    this.#buckets.take(units, bytes);
    this.#recentDelayed += 1;
    this.#recentDelayMs += this.#clock.monotonic() - since;
    this.#meter.send(units, bytes, offset, isRead);
    token.pass();
  }

  #arm(): void {
    if (this.#timer !== null) return;
    const wait = this.#buckets.isOpen ? (this.#link?.waitMs ?? 0) : this.#buckets.waitMs;
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(wait)), () => {
      this.#timer = null;
      this.#release();
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

function limitsOf({ iopsLimit, bytesLimit, burstSeconds }: QosSettings): Limits {
  return { iops: iopsLimit, bytes: bytesLimit, burstSeconds };
}
