// Shares and reservations of the disks of one host on one datastore, after mClock (Gulati, Merchant
// and Varman, OSDI 2010), for disks that only report now and then. A disk's virtual time grows by
// what it sent over its part of what all are due. While the storage is congested nobody may be
// further than a lead before the slowest of those that wait. Pure: time comes in as an argument.
import { DiskAccount } from './disk-account.ts';
import { type Claim, divide } from './divide.ts';
import type { GrantMessage } from './messages.ts';

/** How long the storage must be slow before it counts as congested, in milliseconds. */
const CONGESTED_AFTER_MS = 100;
/** And how long it must not need to be divided before all may go freely. */
const RELAXED_AFTER_MS = 1_000;
/** Ahead of the slowest: so many reports' time, at least and at most so many seconds. */
const LEAD_REPORTS = 3;
const LEAD_MIN = 0.06;
const LEAD_MAX = 0.5;
/** Nobody waits longer than so many seconds for what he sent before. */
const DEBT_SECONDS_MAX = 5;
/** Below this share of what it did when it was congested, the storage could do more. */
const USED_WELL = 0.85;
/** The capacity follows what is seen by this share in each second. */
const FOLLOW = 0.7;

export class StorageScheduler {
  readonly #disks = new Map<string, DiskAccount>();
  #congested = false;
  /** Since when the storage is slow, or needs no dividing; null when it does not. */
  #since: number | null = null;
  /** Units in a second that the storage does when it has enough to do. */
  #capacity = 0;
  #virtualTime = 0;
  #tickAt: number | null = null;

  get isEmpty(): boolean {
    return this.#disks.size === 0;
  }

  get isCongested(): boolean {
    return this.#congested;
  }

  add(diskId: string, settings: DiskAccount['settings']): DiskAccount {
    const account = new DiskAccount(settings);
    account.tag = this.#virtualTime;
    this.#disks.set(diskId, account);
    return account;
  }

  remove(diskId: string): void {
    this.#disks.delete(diskId);
  }

  /** What each disk may do until the next tick; of a disk that does nothing as well. */
  tick(now: number): Map<string, GrantMessage> {
    const seconds = this.#tickAt === null ? 0 : (now - this.#tickAt) / 1000;
    this.#tickAt = now;
    const active = [...this.#disks.values()].filter((disk) => disk.isActive(now));
    const waiting = active.filter((disk) => disk.isBacklogged(now));
    const latencyMs = meanLatency(active);
    this.#judge(now, { active, waiting, latencyMs });
    if (this.#congested) this.#advance(seconds, { active, waiting, latencyMs });
    const grant = (disk: DiskAccount): GrantMessage => ({
      kind: 'grant',
      untilUnits: this.#congested ? this.#untilUnits(disk, waiting) : null,
      entitled: this.#congested ? Math.round(disk.entitled) : null,
      latencyMs,
    });
    return new Map([...this.#disks].map(([diskId, disk]) => [diskId, grant(disk)]));
  }

  /** Congested: slow for a while, with two at least that want more. */
  #judge(now: number, { active, waiting, latencyMs }: Seen): void {
    const isSlow = latencyMs >= threshold(active);
    const rate = sum(active.map(({ unitRate }) => unitRate));
    const isSpare = !isSlow && rate < this.#capacity * USED_WELL;
    const isNeeded = waiting.length >= 2 && !isSpare;
    const changes = this.#congested ? !isNeeded : isSlow && waiting.length >= 2;
    if (!changes) {
      this.#since = null;
      return;
    }
    this.#since ??= now;
    const enough = this.#congested ? RELAXED_AFTER_MS : CONGESTED_AFTER_MS;
    if (now - this.#since < enough) return;
    this.#since = null;
    this.#congested = !this.#congested;
    if (!this.#congested) return;
    this.#capacity = rate;
    // What was sent while there was enough for all is nobody's debt.
    for (const disk of this.#disks.values()) {
      disk.tag = this.#virtualTime;
      disk.uncharged = 0;
    }
  }

  #advance(seconds: number, { active, waiting, latencyMs }: Seen): void {
    const rate = sum(active.map(({ unitRate }) => unitRate));
    const isSlow = latencyMs >= threshold(active);
    const follows = 1 - (1 - FOLLOW) ** seconds;
    if (isSlow || rate > this.#capacity) this.#capacity += (rate - this.#capacity) * follows;
    this.#entitle(active, waiting);
    // Measured in what all send, not in seconds: a capacity that was taken for another one, because
    // the machine stood still, must not make debts of hours out of those of moments.
    const most = this.#virtualTime + DEBT_SECONDS_MAX * this.#capacity;
    for (const disk of this.#disks.values()) {
      const part = disk.entitled / this.#capacity;
      if (part > 0) disk.tag = Math.max(disk.tag, Math.min(most, disk.tag + disk.uncharged / part));
      disk.uncharged = 0;
    }
    // Storage that could do more than it is asked to is given to those who wait.
    const used = this.#capacity === 0 ? 1 : rate / this.#capacity;
    if (!isSlow && used < USED_WELL) {
      this.#virtualTime += seconds * this.#capacity * (1 - used / USED_WELL);
    }
    const slowest = Math.min(...waiting.map(({ tag }) => tag));
    if (waiting.length > 0) this.#virtualTime = Math.max(this.#virtualTime, slowest);
    // Who did not want his part has no claim to it later, and no debt from having been away.
    for (const disk of this.#disks.values()) disk.tag = Math.max(disk.tag, this.#virtualTime);
  }

  /** What each of the active disks would get if it took all that it is due. */
  #entitle(active: readonly DiskAccount[], waiting: readonly DiskAccount[]): void {
    const isWaiting = new Set(waiting);
    const claims = active.map((disk) =>
      claimOf(disk, isWaiting.has(disk) ? Infinity : disk.unitRate),
    );
    const parts = divide(this.#capacity, claims);
    const shares = sum(waiting.map(({ settings }) => settings.shares));
    for (const [index, disk] of active.entries()) {
      const own = disk.settings;
      const beside = (this.#capacity * own.shares) / (shares + own.shares);
      disk.entitled = isWaiting.has(disk) ? (parts[index] ?? 0) : Math.max(own.reservation, beside);
    }
  }

  #untilUnits(disk: DiskAccount, waiting: readonly DiskAccount[]): number | null {
    const isAlone = waiting.length === 0 || (waiting.length === 1 && waiting[0] === disk);
    if (isAlone || disk.entitled === 0 || this.#capacity === 0) return null;
    const slowest = Math.max(...waiting.map(({ reportsEvery }) => reportsEvery));
    const lead = Math.min(LEAD_MAX, Math.max(LEAD_MIN, (LEAD_REPORTS * slowest) / 1000));
    const ahead = Math.max(0, this.#virtualTime + lead * this.#capacity - disk.tag);
    return Math.floor(disk.units + (ahead * disk.entitled) / this.#capacity);
  }
}

interface Seen {
  active: readonly DiskAccount[];
  /** Those of them that would take more. */
  waiting: readonly DiskAccount[];
  latencyMs: number;
}

function claimOf({ settings }: DiskAccount, wanted: number): Claim {
  const { shares, reservation, iopsLimit } = settings;
  const most = iopsLimit === 0 ? Infinity : iopsLimit;
  return { weight: shares, reserved: reservation, wanted: Math.min(wanted, most) };
}

function meanLatency(disks: readonly DiskAccount[]): number {
  const ios = sum(disks.map(({ ioRate }) => ioRate));
  if (ios === 0) return 0;
  return sum(disks.map(({ ioRate, latencyMs }) => ioRate * latencyMs)) / ios;
}

/** Of disks that disagree, the most patient one's: nobody is held back for a hasty neighbour. */
function threshold(disks: readonly DiskAccount[]): number {
  return Math.max(0, ...disks.map(({ settings }) => settings.latencyThresholdMs));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
