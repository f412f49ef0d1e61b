// Which file holds which bytes of a disk: the extents in order, each open for reading and writing.
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';

/** What opening a link, a directory or a socket for writing gives. */
const NO_FILE_CODES = ['ELOOP', 'EISDIR', 'ENXIO'];

export interface Extent {
  /** First byte on the disk, and the one after the last. */
  start: number;
  end: number;
  fd: number;
  /** Byte in the file minus byte on the disk. */
  shift: number;
}

/**
 * Opens the extents of a disk; all or none. Throws `InvalidDiskFormat`, `FileNotFound` or
 * `FileFault`.
 */
export function openExtents(descriptorPath: string, descriptor: VmdkDescriptor): Extent[] {
  const extents: Extent[] = [];
  let start = 0;
  try {
    for (const { access, fileName, offsetSectors, sectors } of descriptor.extents) {
      if (access !== 'RW') throw invalid(descriptorPath, `The extent ${fileName} is ${access}.`);
      const end = start + sectors * SECTOR_BYTES;
      const fd = openExtentFile(descriptorPath, fileName);
      extents.push({ start, end, fd, shift: offsetSectors * SECTOR_BYTES - start });
      const { size } = fstatSync(fd);
      const wanted = (offsetSectors + sectors) * SECTOR_BYTES;
      if (size < wanted) {
        const message = `The extent ${fileName} holds ${size} bytes, but ${wanted} are needed.`;
        throw invalid(descriptorPath, message);
      }
      start = end;
    }
  } catch (thrown) {
    closeExtents(extents);
    throw thrown;
  }
  assert(extents.length > 0, 'the descriptor codec refuses a disk without extents');
  return extents;
}

export function closeExtents(extents: readonly Extent[]): void {
  for (const { fd } of extents) closeSync(fd);
}

function openExtentFile(descriptorPath: string, fileName: string): number {
  const path = join(dirname(descriptorPath), fileName);
  try {
    // A link could lead out of the datastore.
    const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'ENOENT') {
      throw new Fault('FileNotFound', `The extent ${path} of a virtual disk is missing.`);
    }
    if (!NO_FILE_CODES.includes(code)) {
      throw new Fault('FileFault', `The extent ${path} cannot be opened: ${code}.`, { cause });
    }
  }
  throw invalid(descriptorPath, `The extent ${fileName} is not a regular file.`);
}

function invalid(path: string, message: string): Fault {
  return new Fault('InvalidDiskFormat', `The virtual disk ${path} cannot be used: ${message}`);
}
