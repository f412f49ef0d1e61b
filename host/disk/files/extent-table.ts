// Which file holds which bytes of a flat disk: the extents in order, each open.
import { dirname, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import type { VmdkDescriptor, VmdkExtent } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { errnoOf } from '../../datastore/errno.ts';
import type { DiskFiles, ExtentFile } from '../extent-file.ts';
import { LeasedFile } from './leased-file.ts';

/** What opening a link, a directory or a socket for writing gives. */
const NO_FILE_CODES = ['ELOOP', 'EISDIR', 'ENXIO'];

export interface Extent {
  /** First byte on the disk, and the one after the last. */
  start: number;
  end: number;
  file: ExtentFile;
  /** Byte in the file minus byte on the disk. */
  shift: number;
}

export interface ExtentsRequest {
  descriptorPath: string;
  /** All of them flat. */
  extents: VmdkDescriptor['extents'];
  files: DiskFiles;
  readOnly: boolean;
  mayWrite?: (() => boolean) | undefined;
}

/**
 * Opens the extents of a disk; all or none. Throws `InvalidDiskFormat`, `FileNotFound` or
 * `FileFault`.
 */
export async function openExtents(request: ExtentsRequest): Promise<Extent[]> {
  const opened: Extent[] = [];
  let start = 0;
  try {
    for (const { access, fileName, offsetSectors, sectors } of request.extents) {
      requireAccess(request, access, fileName);
      const end = start + sectors * SECTOR_BYTES;
      const file = await openExtentFile({ ...request, fileName });
      opened.push({ start, end, file, shift: offsetSectors * SECTOR_BYTES - start });
      const wanted = (offsetSectors + sectors) * SECTOR_BYTES;
      if (file.sizeBytes < wanted) {
        const holds = `The extent ${fileName} holds ${file.sizeBytes} bytes`;
        const message = `${holds}, but ${wanted} are needed.`;
        throw invalidDisk(request.descriptorPath, message);
      }
      start = end;
    }
  } catch (thrown) {
    closeExtents(opened);
    throw thrown;
  }
  assert(opened.length > 0, 'the descriptor codec refuses a disk without extents');
  return opened;
}

export function closeExtents(extents: readonly Extent[]): void {
  for (const { file } of extents) file.close();
}

export interface ExtentFileRequest {
  descriptorPath: string;
  fileName: string;
  files: DiskFiles;
  readOnly: boolean;
  /** Asked before each change of the file. */
  mayWrite?: (() => boolean) | undefined;
}

/**
 * Opens one file beside the descriptor. Throws `InvalidDiskFormat`, `FileNotFound` or `FileFault`.
 */
export async function openExtentFile(request: ExtentFileRequest): Promise<ExtentFile> {
  const { descriptorPath, fileName, files, readOnly, mayWrite } = request;
  const path = join(dirname(descriptorPath), fileName);
  try {
    const file = await files.open(path, readOnly ? 'read' : 'write');
    return readOnly || mayWrite === undefined ? file : new LeasedFile(file, mayWrite);
  } catch (cause) {
    const code = errnoOf(cause) ?? String(cause);
    if (code === 'ENOENT') {
      throw new Fault('FileNotFound', `The extent ${path} of a virtual disk is missing.`);
    }
    if (NO_FILE_CODES.includes(code)) {
      throw invalidDisk(descriptorPath, `The extent ${fileName} is not a regular file.`);
    }
    throw new Fault('FileFault', `The extent ${path} cannot be opened: ${code}.`, { cause });
  }
}

/** Refuses an extent whose access does not allow what it is opened for. */
export function requireAccess(
  { descriptorPath, readOnly }: { descriptorPath: string; readOnly: boolean },
  access: VmdkExtent['access'],
  fileName: string,
): void {
  if (access === 'RW' || (readOnly && access === 'RDONLY')) return;
  throw invalidDisk(descriptorPath, `The extent ${fileName} is ${access}.`);
}

export function invalidDisk(path: string, message: string): Fault {
  return new Fault('InvalidDiskFormat', `The virtual disk ${path} cannot be used: ${message}`);
}
