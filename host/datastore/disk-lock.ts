// The lock that keeps two hosts from ever writing to one virtual disk. A holder renews its lease
// every second and stops by itself when it could not; another breaks the lock at once when the
// holder's process is provably dead, else only after it has seen no renewal for longer than any
// lease lasts, and has ended the holder if it is on the same machine. docs/adr/0006 and 0014 have
// the argument.
import type { Clock, Timer } from '#lib/base/clock.ts';
import { sleep } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { LOCK_BREAK_MS, LOCK_LEASE_MS, LOCK_RENEW_MS } from '#lib/model/limits.ts';
import { LockDirectory, type LockFile } from './lock-directory.ts';
import type { LockOwner, LockRecord } from './lock-record.ts';
import { type ProcessTable, systemProcesses } from './process-identity.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';

/** How often a lock that may be abandoned is looked at, in milliseconds. */
const WATCH_MS = 250;

export interface DiskLockRequest {
  /** Absolute path of the disk's descriptor. */
  descriptorPath: string;
  owner: LockOwner;
  clock: Clock;
  random: Random;
  /** Where the lock's files are, and who can tell whether a process is dead: the machine. */
  files?: SmallFiles;
  processes?: ProcessTable;
}

export interface DiskLock {
  /** Grows with each holder of the disk. */
  readonly epoch: number;
  /**
   * Whether writing is allowed now. Cheap: ask before each batch of I/O. Once false it stays
   * false.
   */
  isHeld(): boolean;
  /**
   * Calls back once when the lock is lost, with the reason in a sentence; not after `release()`.
   */
  onLost(callback: (reason: string) => void): void;
  /** Gives the disk free for others. All I/O must have ended. Idempotent. */
  release(): Promise<void>;
}

/**
 * Takes the lock of a disk. A live holder is recognised by its next renewal, so that a refusal
 * takes a second; breaking the lock of a silent one takes LOCK_BREAK_MS. Throws `FileLocked` naming
 * the host that has it.
 */
export async function acquireDiskLock(request: DiskLockRequest): Promise<DiskLock> {
  const { clock, descriptorPath, files = systemFiles, processes = systemProcesses } = request;
  const directory = new LockDirectory(descriptorPath, files);
  const record = await newRecord(request);
  for (;;) {
    const found = await directory.current();
    const now = await watchUntilFree({ clock, directory, processes }, found);
    if (now !== null && now.record?.state !== 'released') throw lockedFault(descriptorPath, now);
    if (now !== null) continue;
    const startedAt = clock.monotonic();
    const epoch = found.epoch + 1;
    if (await directory.create(epoch, record)) {
      await directory.removeBelow(epoch, record);
      return new HeldLock({ directory, record, epoch, clock, startedAt });
    }
  }
}

async function newRecord(request: DiskLockRequest): Promise<LockRecord> {
  const { owner, clock, random, processes = systemProcesses } = request;
  const now = clock.now();
  return {
    state: 'held',
    owner,
    process: await processes.identify(process.pid),
    nonce: randomHex(random, 16),
    renewal: 0,
    acquiredAt: now,
    renewedAt: now,
  };
}

interface Watch {
  clock: Clock;
  directory: LockDirectory;
  processes: ProcessTable;
}

/**
 * Null when the lock may be taken from the epoch found; else what the lock changed to meanwhile.
 */
async function watchUntilFree(
  { clock, directory, processes }: Watch,
  found: LockFile,
): Promise<LockFile | null> {
  const since = clock.monotonic();
  for (;;) {
    if (found.epoch === 0 || found.record?.state === 'released') return null;
    if (found.record && (await processes.isProvablyDead(found.record.process))) return null;
    if (clock.monotonic() - since >= LOCK_BREAK_MS) {
      // One that was stopped between asking for its lock and writing could write when it wakes. On
      // this machine it is ended first; on another one nothing but its lease is there to trust.
      const ended = found.record && (await processes.end(found.record.process, clock));
      return ended === 'alive' ? found : null;
    }
    await sleep(clock, WATCH_MS);
    const again = await directory.current();
    if (again.epoch !== found.epoch || again.text !== found.text) return again;
  }
}

function lockedFault(descriptorPath: string, { record }: LockFile): Fault {
  const who = record
    ? `virtual machine ${record.owner.vmId} on the host ${record.owner.hostName}`
    : 'another host';
  return new Fault('FileLocked', `The virtual disk ${descriptorPath} is in use by ${who}.`, {
    data: record ? { ...record.owner } : {},
  });
}

interface HeldLockParts {
  directory: LockDirectory;
  record: LockRecord;
  epoch: number;
  clock: Clock;
  /** Monotonic time before the lock file was written. */
  startedAt: number;
}

class HeldLock implements DiskLock {
  readonly epoch: number;
  readonly #directory: LockDirectory;
  readonly #clock: Clock;
  #record: LockRecord;
  #leaseEnd: number;
  #state: 'held' | 'lost' | 'released' = 'held';
  #lostReason = '';
  #onLost: ((reason: string) => void) | null = null;
  #timer: Timer;
  #renewing: Promise<void> = Promise.resolve();

  constructor({ directory, record, epoch, clock, startedAt }: HeldLockParts) {
    this.#directory = directory;
    this.#record = record;
    this.epoch = epoch;
    this.#clock = clock;
    this.#leaseEnd = startedAt + LOCK_LEASE_MS;
    this.#timer = this.#schedule();
  }

  isHeld(): boolean {
    if (this.#state !== 'held') return false;
    if (this.#clock.monotonic() < this.#leaseEnd) return true;
    this.#lose('The lock of the virtual disk could not be renewed in time.');
    return false;
  }

  onLost(callback: (reason: string) => void): void {
    this.#onLost = callback;
    if (this.#state === 'lost') callback(this.#lostReason);
  }

  async release(): Promise<void> {
    if (this.#state === 'released') return;
    this.#state = 'released';
    this.#timer.cancel();
    await this.#renewing;
    if ((await this.#whyNotOurs()) !== null) return;
    await this.#directory.replace(this.epoch, { ...this.#record, state: 'released' });
  }

  #schedule(): Timer {
    return this.#clock.after(LOCK_RENEW_MS, () => {
      this.#renewing = this.#renewOrRetry();
    });
  }

  async #renewOrRetry(): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      // A file system that errs for a moment is tried again; the end of the lease ends that.
      if (this.#clock.monotonic() >= this.#leaseEnd) {
        this.#lose(`The lock of the virtual disk could not be renewed: ${String(error)}`);
      }
    }
    if (this.#state === 'held') this.#timer = this.#schedule();
  }

  async #renew(): Promise<void> {
    const startedAt = this.#clock.monotonic();
    if (!this.isHeld()) return;
    const before = await this.#whyNotOurs();
    if (before !== null) return this.#lose(before);
    const { renewal } = this.#record;
    const next = { ...this.#record, renewal: renewal + 1, renewedAt: this.#clock.now() };
    await this.#directory.replace(this.epoch, next);
    const after = await this.#whyNotOurs();
    if (after !== null) return this.#lose(after);
    // A renewal that ended after the lease is worth nothing: another may have broken the lock
    // meanwhile.
    if (!this.isHeld()) return;
    this.#record = next;
    this.#leaseEnd = startedAt + LOCK_LEASE_MS;
  }

  async #whyNotOurs(): Promise<string | null> {
    if ((await this.#directory.highestEpoch()) > this.epoch) {
      return 'Another host has taken over the lock of the virtual disk.';
    }
    const record = await this.#directory.readRecord(this.epoch);
    if (record?.nonce === this.#record.nonce) return null;
    return 'The lock file of the virtual disk was removed or replaced.';
  }

  #lose(reason: string): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#lostReason = reason;
    this.#timer.cancel();
    this.#onLost?.(reason);
  }
}
