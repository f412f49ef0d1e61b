// The lock that keeps two hosts from ever writing to one virtual disk. A holder gives a sign of
// life every second, in the lock's file or in its heartbeat on the datastore, and stops by itself
// when it could not; another breaks the lock at once when the holder's process is provably dead,
// else only after it has seen no sign for longer than any lease lasts, and has ended the holder if
// it is on the same machine. docs/adr/0006 and 0014 have the argument.
import type { Clock } from '#lib/base/clock.ts';
import { sleep } from '#lib/base/clock.ts';
import { type Random, randomHex } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import { LOCK_BREAK_MS } from '#lib/model/limits.ts';
import { LockDirectory, type LockFile } from './lock-directory.ts';
import type { LockOwner, LockRecord } from './lock-record.ts';
import type { Heartbeats } from './locking/heartbeats.ts';
import { HeldLock } from './locking/held-lock.ts';
import { HolderWatch } from './locking/holder-watch.ts';
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
  /** Those of this process; without them the lock renews a lease of its own on every datastore. */
  heartbeats?: Heartbeats;
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
 * Takes the lock of a disk. A live holder is recognised by its next sign of life, so that a refusal
 * takes a second; breaking the lock of a silent one takes LOCK_BREAK_MS. Throws `FileLocked` naming
 * the host that has it.
 */
export async function acquireDiskLock(request: DiskLockRequest): Promise<DiskLock> {
  const { descriptorPath, files = systemFiles } = request;
  const directory = new LockDirectory(descriptorPath, files);
  for (;;) {
    const found = await directory.current();
    const now = await watchUntilFree(request, directory, found);
    if (now !== null && now.record?.state !== 'released') throw lockedFault(descriptorPath, now);
    if (now !== null) continue;
    const taken = await take(request, directory, found.epoch + 1);
    if (taken !== null) return taken;
  }
}

/** Null when another was first. */
async function take(
  request: DiskLockRequest,
  directory: LockDirectory,
  epoch: number,
): Promise<DiskLock | null> {
  const { descriptorPath, owner, clock, heartbeats } = request;
  const record = await newRecord(request);
  const held = (await heartbeats?.hold(descriptorPath, owner, record.process)) ?? null;
  if (held !== null) record.heartbeat = held.heartbeat.id;
  const startedAt = clock.monotonic();
  try {
    if (await directory.create(epoch, record)) {
      await directory.removeBelow(epoch, record);
      return new HeldLock({ directory, record, epoch, clock, startedAt, held });
    }
  } catch (thrown) {
    await held?.giveBack();
    throw thrown;
  }
  await held?.giveBack();
  return null;
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

/**
 * Null when the lock may be taken from the epoch found; else what it is now that its holder has
 * given a sign of life.
 */
async function watchUntilFree(
  request: DiskLockRequest,
  directory: LockDirectory,
  found: LockFile,
): Promise<LockFile | null> {
  const { clock, processes = systemProcesses } = request;
  if (found.epoch === 0 || found.record?.state === 'released') return null;
  const watch = await HolderWatch.begin(request, directory, found);
  // Not before all that is compared was read: what is counted is how long it stands still.
  const since = clock.monotonic();
  for (;;) {
    if (found.record && (await processes.isProvablyDead(found.record.process))) break;
    if (watch.isKnownToStandStill) break;
    if (clock.monotonic() - since >= LOCK_BREAK_MS) {
      // One that was stopped between asking for its lock and writing could write when it wakes. On
      // this machine it is ended first; on another one nothing but its lease is there to trust.
      const ended = found.record && (await processes.end(found.record.process, clock));
      if (ended === 'alive') return found;
      watch.stoodStill();
      break;
    }
    await sleep(clock, WATCH_MS);
    const sign = await watch.signOfLife();
    if (sign !== null) return sign;
  }
  await watch.sweep();
  return null;
}

function lockedFault(descriptorPath: string, { record }: LockFile): Fault {
  const who = record
    ? `virtual machine ${record.owner.vmId} on the host ${record.owner.hostName}`
    : 'another host';
  return new Fault('FileLocked', `The virtual disk ${descriptorPath} is in use by ${who}.`, {
    data: record ? { ...record.owner } : {},
  });
}
