// Where a disk's data are: opened, locked, and with the right to write there asked for at every
// I/O.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { iofilters, type VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { acquireDiskLock, type DiskLock } from '../datastore/disk-lock.ts';
import type { LockOwner } from '../datastore/lock-record.ts';
import type { Heartbeats } from '../datastore/locking/heartbeats.ts';
import type { ProcessTable } from '../datastore/process-identity.ts';
import type { Backing } from './backing.ts';
import type { DiskFiles } from './extent-file.ts';
import type { OpenRemote } from './object-store.ts';
import { openBacking } from './open-backing.ts';
import { systemDiskFiles } from './system-disk-files.ts';

/** What is needed to open a disk's data and to lock them. */
export interface DiskPlaceParts {
  owner: LockOwner;
  clock: Clock;
  random: Random;
  /** Where its files are, and who can tell whether a process is dead: the machine. */
  files?: DiskFiles;
  processes?: ProcessTable;
  /** Of this process: by them its locks on VMFS live. */
  heartbeats?: Heartbeats;
  /** Opens extents that are no files: objects and raw devices. */
  openRemote?: OpenRemote;
}

/** A disk's data, and the right to write them. */
export interface DiskPlace {
  backing: Backing;
  descriptorPath: string;
  lock: DiskLock;
}

/**
 * With all that it builds on; its files are changed only while `mayWrite`. Throws as `openBacking`.
 */
export function openPlace(
  { clock, files = systemDiskFiles, openRemote }: DiskPlaceParts,
  descriptorPath: string,
  mayWrite: () => boolean,
): Promise<Backing> {
  return openBacking({ descriptorPath, clock, files, openRemote, mayWrite });
}

/** Throws `FileLocked`. */
export function lockOf(parts: DiskPlaceParts, descriptorPath: string): Promise<DiskLock> {
  const { owner, clock, random, files, processes, heartbeats } = parts;
  const seams = { clock, random, files, processes, heartbeats };
  return acquireDiskLock({ descriptorPath, owner, ...seams });
}

/**
 * Asks for the lock once more where all that can hold an I/O back ends: a filter, a full datastore,
 * or a process that stood still may have kept it for longer than the lease with which it came.
 */
export function leased(backing: Backing, lock: DiskLock): Backing {
  const mayStart = (): boolean => lock.isHeld();
  return {
    get sizeBytes() {
      return backing.sizeBytes;
    },
    submit(io) {
      io.mayStart = mayStart;
      return lock.isHeld() ? backing.submit(io) : NBD_ERRORS.ESHUTDOWN;
    },
    blockStatus: (offset, length) => backing.blockStatus(offset, length),
    flush: () => backing.flush(),
    close: () => backing.close(),
  };
}

/** Throws `CannotOpenDisk` when the descriptor names a filter that is not wanted. */
export function requireNamed(
  { id }: { id: string },
  descriptor: VmdkDescriptor,
  wanted: readonly WantedFilter[],
): void {
  const missing = iofilters(descriptor).filter(
    (name) => !wanted.some(({ definition }) => definition.name === name),
  );
  const [first] = missing;
  if (first === undefined) return;
  throw new Fault(
    'CannotOpenDisk',
    `The virtual disk ${id} has the I/O filter ${missing.join(', ')}, which this host cannot run.`,
    { data: { disk: id, filters: missing } },
  );
}
