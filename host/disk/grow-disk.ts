// Makes a flat disk larger: first its file, durably, then the descriptor that says so.
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { capacitySectors, isObjectName } from '#lib/formats/vmdk/descriptor.ts';
import { withCapacity } from '#lib/formats/vmdk/resize-descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { readDescriptor, writeDescriptor } from '../datastore/descriptor-file.ts';
import { requireSize } from './create-disk.ts';
import type { DiskFiles, ExtentFile } from './extent-file.ts';
import { invalidDisk, openExtentFile } from './files/extent-table.ts';
import { fillWithZeroes, reserveSpace, step } from './files/file-steps.ts';
import { isFlatFile } from './flat-disk.ts';

export interface GrowRequest {
  descriptorPath: string;
  /** Not less than the disk has. */
  capacityBytes: number;
  files: DiskFiles;
}

/**
 * Makes a disk without snapshots larger; the new part reads as zeroes, and has its space when the
 * disk is not thin. Whoever has the disk open opens it again. Throws `InvalidArgument`,
 * `InvalidDiskFormat`, `NoDiskSpace` or `FileFault`; then the disk is as large as it was.
 */
export async function growFlatDisk(request: GrowRequest): Promise<VmdkDescriptor> {
  const { descriptorPath, capacityBytes, files } = request;
  requireSize(capacityBytes);
  const descriptor = await readDescriptor(descriptorPath, files);
  const last = descriptor.extents.at(-1);
  const isObject = last !== undefined && isObjectName(last.fileName);
  const growable = last !== undefined && (isObject || isFlatFile(last));
  if (descriptor.parentFileNameHint !== null || !growable) {
    throw invalidDisk(descriptorPath, 'only a flat disk without snapshots can grow.');
  }
  const presentBytes = capacitySectors(descriptor) * SECTOR_BYTES;
  if (capacityBytes === presentBytes) return descriptor;
  if (capacityBytes < presentBytes) {
    throw new Fault('InvalidArgument', `The disk has ${presentBytes} bytes; it can only grow.`);
  }
  const oldEnd = (last.offsetSectors + last.sectors) * SECTOR_BYTES;
  const newEnd = oldEnd + capacityBytes - presentBytes;
  const grown = withCapacity(descriptor, capacityBytes / SECTOR_BYTES);
  if (isObject) {
    await files.objects?.grow(last.fileName, newEnd);
    await writeDescriptor(descriptorPath, grown, files);
    return grown;
  }
  const file = await openExtentFile({ ...request, fileName: last.fileName, readOnly: false });
  const thin = descriptor.ddb.get('thinProvisioned') === '1';
  await extend({ file, oldEnd, newEnd, thin }).finally(() => file.close());
  await writeDescriptor(descriptorPath, grown, files);
  return grown;
}

interface Extension {
  file: ExtentFile;
  oldEnd: number;
  newEnd: number;
  thin: boolean;
}

async function extend({ file, oldEnd, newEnd, thin }: Extension): Promise<void> {
  const present = file.sizeBytes;
  // What an attempt that was cut off, or another program, left behind the end is not the disk's.
  const stale = Math.min(present, newEnd) - oldEnd;
  try {
    if (stale > 0) await fillWithZeroes({ file, position: oldEnd, length: stale });
    if (present < newEnd) await step(file, (done) => file.truncate(newEnd, done));
    if (!thin) await reserveSpace({ file, position: oldEnd, length: newEnd - oldEnd });
    await step(file, (done) => file.sync(done));
  } catch (error) {
    // Gives back what was taken; that it was taken is no harm either.
    await step(file, (done) => file.truncate(present, done)).catch(() => undefined);
    throw error;
  }
}
