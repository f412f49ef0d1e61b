// What several operations do with disks: make redo logs, and leave one place for another.

import { assert } from '#lib/base/assert.ts';
import { copySidecars } from '../../datastore/sidecar-file.ts';
import type { Backing } from '../../disk/backing.ts';
import type { DiskPlace } from '../../disk/disk-place.ts';
import type { ServedDisk } from '../../disk/served-disk.ts';
import { createRedoLog } from '../../disk/snapshot-files.ts';
import type { ChangeParts } from './change-parts.ts';
import { standQuiet } from './standstill.ts';

/** An empty redo log; nothing is left of it on a throw. */
export async function makeRedoLog(
  { random, files }: ChangeParts,
  parentDescriptorPath: string,
  childDescriptorPath: string,
): Promise<void> {
  await createRedoLog({ parentDescriptorPath, childDescriptorPath, files, random });
}

/** Its own copies of what the filters keep with the disk below it. */
export { copySidecars };

/** Gives up a place that a disk has left, or did not go to. What fails there matters no more. */
export async function leavePlace(parts: ChangeParts, place: Partial<DiskPlace>): Promise<void> {
  try {
    await place.backing?.close();
  } catch (thrown) {
    parts.log('warning', `A disk that was left could not be closed: ${String(thrown)}`);
  }
  try {
    await place.lock?.release();
  } catch (thrown) {
    parts.log('warning', `A lock could not be released: ${String(thrown)}`);
  }
}

/** The disk goes on in its new place; the old one is given free. */
export async function changeTo(parts: ChangeParts, move: Move): Promise<void> {
  const { disk, descriptorPath, next } = move;
  const { backing, lock } = next;
  assert(backing !== undefined && lock !== undefined, 'the new place is open');
  await leavePlace(parts, disk.changeBacking({ backing, lock, descriptorPath }));
}

/** The disk stays where it is, with something before it or without. */
export async function stepInto(
  parts: ChangeParts,
  disk: ServedDisk,
  backing: Backing,
): Promise<void> {
  await standQuiet(parts, disk, async () => {
    disk.changeBacking({ ...disk.place, backing });
  });
}

/** How far a copy is, as the controller sees it. */
export function progressOf(
  parts: ChangeParts,
  step: string,
): (doneBytes: number, totalBytes: number) => void {
  return (doneBytes, totalBytes) => {
    const percent = totalBytes === 0 ? 100 : (100 * doneBytes) / totalBytes;
    parts.progress(step, percent, { doneBytes, totalBytes });
  };
}

/** A disk and where it is going. */
export interface Move {
  disk: ServedDisk;
  descriptorPath: string;
  next: Partial<DiskPlace>;
}
