// Renews the lease that a lock has for itself, each second, in the lock's own file.
import type { Clock, Timer } from '#lib/base/clock.ts';
import { LOCK_RENEW_MS } from '#lib/model/limits.ts';
import type { Lease } from './lease.ts';

export interface RenewedLock {
  /** Writes the sign of life. False when the lock is lost. Throws what files throw. */
  renew(renewal: number, renewedAt: number): Promise<boolean>;
  lose(reason: string): void;
}

export interface LeaseRenewalParts {
  lock: RenewedLock;
  lease: Lease;
  clock: Clock;
}

export class LeaseRenewal {
  readonly #parts: LeaseRenewalParts;
  #renewals = 0;
  #over = false;
  #timer: Timer;
  #renewing: Promise<void> = Promise.resolve();

  constructor(parts: LeaseRenewalParts) {
    this.#parts = parts;
    this.#timer = this.#schedule();
  }

  cancel(): void {
    this.#over = true;
    this.#timer.cancel();
  }

  /** When the one under way has ended. */
  async stop(): Promise<void> {
    this.cancel();
    await this.#renewing;
  }

  #schedule(): Timer {
    return this.#parts.clock.after(LOCK_RENEW_MS, () => {
      this.#renewing = this.#renewOrRetry();
    });
  }

  async #renewOrRetry(): Promise<void> {
    const { lock, lease, clock } = this.#parts;
    try {
      const startedAt = clock.monotonic();
      if (await lock.renew(this.#renewals + 1, clock.now())) {
        this.#renewals += 1;
        if (!lease.extend(startedAt)) lock.lose(`${NOT_IN_TIME}.`);
      }
    } catch (error) {
      // A file system that errs for a moment is tried again; the end of the lease ends that.
      if (!lease.isCurrent()) lock.lose(`${NOT_IN_TIME}: ${String(error)}`);
    }
    if (!this.#over) this.#timer = this.#schedule();
  }
}

const NOT_IN_TIME = 'The lock of the virtual disk could not be renewed in time';
