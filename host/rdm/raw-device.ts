// A raw device mapping in virtual compatibility mode: the disk is a block device, a file, or an
// export of an NBD server, and filters, snapshots and locks work on it as on any other disk.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { errnoOf } from '../datastore/errno.ts';
import { writeFileDurably } from '../datastore/write-file.ts';
import type { Backing } from '../disk/backing.ts';
import { FlatDisk } from '../disk/flat-disk.ts';
import { NbdBacking, type NbdState } from '../nbd-client/nbd-backing.ts';
import { deviceBytes, deviceFiles } from './device-files.ts';
import { type RawDevice, type RawDevicePolicy, requireAllowed } from './device-policy.ts';
import {
  formatMapping,
  MAPPING_BYTES_MAX,
  parseMapping,
  type RawDeviceMapping,
} from './mapping-file.ts';

/** A lost server's I/O waits so long before it fails, in milliseconds. */
const WAIT_MS = 30_000;
/** A server that leaves a request without an answer for so long counts as lost. */
const ANSWER_MS = 30_000;

export interface RawDeviceParts {
  policy: RawDevicePolicy;
  clock: Clock;
  onState(state: NbdState, message: string): void;
}

/**
 * Opens the device behind a mapping file, as large as the mapping says. Throws `FileNotFound`,
 * `InvalidDiskFormat`, `InvalidArgument` for a target that the host does not allow, and
 * `CannotOpenDisk`.
 */
export async function openRawDevice(mappingPath: string, parts: RawDeviceParts): Promise<Backing> {
  const { target, sectors } = await readMapping(mappingPath);
  const device = await requireAllowed(target, parts.policy);
  const wanted = sectors * SECTOR_BYTES;
  const backing = await openDevice(device, wanted, parts);
  if (backing.sizeBytes >= wanted) return backing;
  await backing.close();
  const found = `has ${backing.sizeBytes} bytes, but ${wanted} were mapped`;
  throw new Fault('CannotOpenDisk', `The raw device ${target} ${found}.`);
}

/**
 * Writes the mapping file of a device and returns its size in bytes, whole sectors. Throws as
 * `openRawDevice` does.
 */
export async function mapRawDevice(
  mappingPath: string,
  target: string,
  parts: RawDeviceParts,
): Promise<number> {
  const bytes = await rawDeviceBytes(target, parts);
  await writeFileDurably(mappingPath, formatMapping({ target, sectors: bytes / SECTOR_BYTES }));
  return bytes;
}

/** The size of a raw device in bytes, whole sectors. Throws as `openRawDevice` does. */
export async function rawDeviceBytes(target: string, parts: RawDeviceParts): Promise<number> {
  const device = await requireAllowed(target, parts.policy);
  const sectors = Math.floor((await sizeOf(device, parts)) / SECTOR_BYTES);
  if (sectors > 0) return sectors * SECTOR_BYTES;
  throw new Fault('InvalidArgument', `The raw device ${target} is empty.`);
}

/** Throws `FileNotFound` or `InvalidDiskFormat`. */
async function readMapping(path: string): Promise<RawDeviceMapping> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new Fault('FileNotFound', `The mapping file ${path} is missing.`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAPPING_BYTES_MAX), 0);
    return parseMapping(buffer.toString('utf8', 0, bytesRead));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new Fault('InvalidDiskFormat', `The mapping file ${path} is malformed: ${error.message}`);
  } finally {
    await file.close();
  }
}

async function sizeOf(device: RawDevice, parts: RawDeviceParts): Promise<number> {
  if (device.kind === 'file') return deviceBytes(device.path);
  const backing = await openNbd(device, parts);
  backing.close();
  return backing.sizeBytes;
}

function openDevice(device: RawDevice, bytes: number, parts: RawDeviceParts): Promise<Backing> {
  if (device.kind === 'nbd') return openNbd(device, parts);
  const { path } = device;
  const sectors = bytes / SECTOR_BYTES;
  const place = { fileName: basename(path), offsetSectors: 0 };
  const extents = [{ access: 'RW', type: 'FLAT', sectors, ...place } as const];
  const request = { descriptorPath: path, extents, files: deviceFiles, readOnly: false };
  return FlatDisk.openExtents(request, parts.clock);
}

function openNbd(
  { target }: RawDevice & { kind: 'nbd' },
  { clock, onState }: RawDeviceParts,
): Promise<NbdBacking> {
  const locate = () => Promise.resolve(target);
  return NbdBacking.open({ locate, clock, onState, waitMs: WAIT_MS, answerMs: ANSWER_MS });
}
