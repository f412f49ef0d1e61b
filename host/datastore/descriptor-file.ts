// Reads and writes the descriptor of a virtual disk as a file, and turns what is wrong with it into
// faults.
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import {
  capacitySectors,
  DESCRIPTOR_BYTES_MAX,
  formatDescriptor,
  isObjectName,
  parseDescriptor,
  type VmdkDescriptor,
} from '#lib/formats/vmdk/descriptor.ts';
import { isEmbedded } from '#lib/formats/vmdk/disk-types.ts';
import { descriptorInHead } from '#lib/formats/vmdk/sparse-header.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES_MAX, SECTOR_BYTES, VMDK_DESCRIPTOR_BYTES_MAX } from '#lib/model/limits.ts';
import { errnoOf } from './errno.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';
import { writeFileDurably } from './write-file.ts';

assert(DESCRIPTOR_BYTES_MAX === VMDK_DESCRIPTOR_BYTES_MAX, 'format and product agree on the limit');

/** A sparse extent's header and the descriptor in it, in bytes. */
const HEAD_BYTES = 64 * 1024;

/** Throws `FileNotFound`, `FileFault`, or `InvalidDiskFormat` for a malformed descriptor. */
export async function readDescriptor(
  path: string,
  files: SmallFiles = systemFiles,
): Promise<VmdkDescriptor> {
  const bytes = await readHead(path, files);
  let descriptor: VmdkDescriptor;
  try {
    descriptor = parseDescriptor(descriptorInHead(bytes));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw invalidDisk(path, error.message, error.position);
  }
  if (capacitySectors(descriptor) * SECTOR_BYTES > DISK_BYTES_MAX) {
    throw invalidDisk(path, 'The disk is larger than 62 TiB.', null);
  }
  return descriptor;
}

/** Checks that the file of every flat extent is there and as long as the descriptor says. */
export async function checkExtents(path: string, descriptor: VmdkDescriptor): Promise<void> {
  for (const { type, fileName, offsetSectors, sectors } of descriptor.extents) {
    if ((type !== 'FLAT' && type !== 'VMFS') || isObjectName(fileName)) continue;
    const info = await stat(join(dirname(path), fileName)).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw fileFault(path, error);
      throw new Fault('FileNotFound', `The extent ${fileName} of the disk ${path} is missing.`);
    });
    const wanted = (offsetSectors + sectors) * SECTOR_BYTES;
    if (info.isFile() && info.size >= wanted) continue;
    const found = info.isFile() ? `holds ${info.size} bytes` : 'is not a regular file';
    const message = `The extent ${fileName} ${found}, but ${wanted} are needed.`;
    throw invalidDisk(path, message, null);
  }
}

/** Replaces the descriptor in one durable step. */
export async function writeDescriptor(
  path: string,
  descriptor: VmdkDescriptor,
  files: SmallFiles = systemFiles,
): Promise<void> {
  if (isEmbedded(descriptor.createType)) {
    const message = 'its descriptor is part of a sparse file, which is only read.';
    throw new Fault('InvalidDiskFormat', `The virtual disk ${path} cannot be changed: ${message}`);
  }
  const bytes = formatDescriptor(descriptor);
  await writeFileDurably(path, bytes, files).catch((error: unknown) => {
    throw fileFault(path, error);
  });
}

function readHead(path: string, files: SmallFiles): Promise<Uint8Array> {
  return files.read(path, HEAD_BYTES).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw fileFault(path, error);
    throw new Fault('FileNotFound', `The virtual disk ${path} does not exist.`);
  });
}

function invalidDisk(path: string, message: string, line: number | null): Fault {
  const where = line === null ? '' : ` (line ${line})`;
  return new Fault(
    'InvalidDiskFormat',
    `The virtual disk ${path} cannot be used: ${message}${where}`,
  );
}

function fileFault(path: string, cause: unknown): Fault {
  const errno = errnoOf(cause);
  const fault = errno === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
  return new Fault(
    fault,
    `The file ${path} cannot be read or written: ${errno ?? String(cause)}.`,
    {
      cause,
    },
  );
}
