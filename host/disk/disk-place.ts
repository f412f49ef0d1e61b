// Where a disk's data are: opened, locked, and with the right to write there asked for at every I/O.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { iofilters, type VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { acquireDiskLock, type DiskLock } from '../datastore/disk-lock.ts';
import type { Backing } from './backing.ts';
import { openBacking } from './open-backing.ts';
import type { ServedDiskParts } from './served-disk.ts';
import { systemDiskFiles } from './system-disk-files.ts';

/** A disk's data, and the right to write them. */
export interface DiskPlace {
  backing: Backing;
  descriptorPath: string;
  lock: DiskLock;
}

/** With all that it builds on. Throws as `openBacking`. */
export function openPlace(
  { clock, files = systemDiskFiles, openRemote }: ServedDiskParts,
  descriptorPath: string,
): Promise<Backing> {
  return openBacking({ descriptorPath, clock, files, openRemote });
}

/** Throws `FileLocked`. */
export function lockOf(parts: ServedDiskParts, descriptorPath: string): Promise<DiskLock> {
  const { owner, clock, random, files, processes } = parts;
  return acquireDiskLock({ descriptorPath, owner, clock, random, files, processes });
}

/**
 * Asks for the lock once more where all that can hold an I/O back ends: a filter, a full datastore,
 * or a process that stood still may have kept it for longer than the lease with which it came.
 */
export function leased(backing: Backing, lock: DiskLock): Backing {
  return {
    get sizeBytes() {
      return backing.sizeBytes;
    },
    submit: (io) => (lock.isHeld() ? backing.submit(io) : NBD_ERRORS.ESHUTDOWN),
    blockStatus: (offset, length) => backing.blockStatus(offset, length),
    flush: () => backing.flush(),
    close: () => backing.close(),
  };
}

/** Throws `CannotOpenDisk` when the descriptor names a filter that is not wanted. */
export function requireNamed(
  { id }: ServedDiskParts,
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
