// A disk's lock in the hands of its holder. It lives by a lease: its own, which it renews each
// second in its file, or that of the heartbeat that its file names.
import type { Clock } from '#lib/base/clock.ts';
import type { LockDirectory } from '../lock-directory.ts';
import type { LockRecord } from '../lock-record.ts';
import type { HeldHeartbeat } from './heartbeats.ts';
import { Lease } from './lease.ts';
import { LeaseRenewal } from './lease-renewal.ts';

export interface HeldLockParts {
  directory: LockDirectory;
  record: LockRecord;
  epoch: number;
  clock: Clock;
  /** Monotonic time before the lock file was written. */
  startedAt: number;
  /** By which it lives; null when it has a lease of its own. */
  held: HeldHeartbeat | null;
}

/** The `DiskLock` of whoever has acquired one. */
export class HeldLock {
  readonly epoch: number;
  readonly #directory: LockDirectory;
  readonly #record: LockRecord;
  readonly #lease: Lease;
  readonly #held: HeldHeartbeat | null;
  readonly #renewal: LeaseRenewal | null;
  #state: 'held' | 'lost' | 'released' = 'held';
  #lostReason = '';
  #onLost: ((reason: string) => void) | null = null;

  constructor({ directory, record, epoch, clock, startedAt, held }: HeldLockParts) {
    this.#directory = directory;
    this.#record = record;
    this.epoch = epoch;
    this.#held = held;
    this.#lease = held?.heartbeat.lease ?? new Lease(clock, startedAt);
    const lease = this.#lease;
    this.#renewal = held === null ? new LeaseRenewal({ lock: this, lease, clock }) : null;
    held?.heartbeat.add(this);
  }

  isHeld(): boolean {
    if (this.#state !== 'held') return false;
    if (this.#lease.isCurrent()) return true;
    this.lose('The lock of the virtual disk could not be renewed in time.');
    return false;
  }

  onLost(callback: (reason: string) => void): void {
    this.#onLost = callback;
    if (this.#state === 'lost') callback(this.#lostReason);
  }

  async release(): Promise<void> {
    if (this.#state === 'released') return;
    this.#state = 'released';
    try {
      // What is being written to its file must not land behind what follows.
      await this.#renewal?.stop();
      this.#held?.heartbeat.remove(this);
      if ((await this.#whyNotOurs()) !== null) return;
      await this.#directory.replace(this.epoch, { ...this.#record, state: 'released' });
    } finally {
      await this.#held?.giveBack();
    }
  }

  async look(): Promise<void> {
    const reason = await this.#whyNotOurs();
    if (reason !== null) this.lose(reason);
  }

  /** Writes the lock's own sign of life. False when it is lost. Throws what files throw. */
  async renew(renewal: number, renewedAt: number): Promise<boolean> {
    if (!this.isHeld()) return false;
    await this.look();
    if (this.#state !== 'held') return false;
    await this.#directory.replace(this.epoch, { ...this.#record, renewal, renewedAt });
    await this.look();
    return this.#state === 'held';
  }

  lose(reason: string): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#lostReason = reason;
    this.#renewal?.cancel();
    this.#held?.heartbeat.remove(this);
    this.#onLost?.(reason);
  }

  async #whyNotOurs(): Promise<string | null> {
    if ((await this.#directory.highestEpoch()) > this.epoch) {
      return 'Another host has taken over the lock of the virtual disk.';
    }
    const record = await this.#directory.readRecord(this.epoch);
    if (record?.nonce === this.#record.nonce) return null;
    return 'The lock file of the virtual disk was removed or replaced.';
  }
}
