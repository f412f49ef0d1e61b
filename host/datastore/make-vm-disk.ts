// Makes one disk of a new virtual machine in the directory that is prepared for it: a thin flat
// file, or an object where the datastore has objects, with an ext4 file system on it if wanted.
import { open, readdir, rm, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import type { Random } from '#lib/base/random.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import { formatDescriptor, withIofilters } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VirtualDisk } from '#lib/model/inventory.ts';
import { MIB, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { createVm as createVmRpc } from '#lib/wire/agent/host-rpc.ts';
import type { ObjectStore } from '../disk/object-store.ts';
import { writeBytes } from '../nbd-client/backing-io.ts';
import { stem } from './datastore-path.ts';
import { deleteDisk } from './delete-disk.ts';
import { fillExt4 } from './fill-ext4.ts';
import { writeFileDurably } from './write-file.ts';

export type DiskContents = z.infer<typeof createVmRpc.input>['contents'][number];

export interface PlacedDisk {
  disk: VirtualDisk;
  /** Where it will be. */
  descriptorPath: string;
  contents: DiskContents | undefined;
}

/**
 * Writes what a new disk shall hold into its flat extent, a sparse file of the disk's size. Returns
 * warnings.
 */
export type DiskFiller = (place: {
  disk: VirtualDisk;
  path: string;
  /** A directory for what it needs meanwhile; it tidies up itself. */
  scratch: string;
}) => Promise<string[] | undefined>;

export interface DiskMaker {
  random: Random;
  objects?: ObjectStore;
  /** By disk key: disks that begin with something else than `contents`. */
  fillers?: ReadonlyMap<number, DiskFiller>;
}

const CHUNK_BYTES = 1 * MIB;
const ZEROES = Buffer.alloc(CHUNK_BYTES);

/** Returns warnings. */
export async function makeVmDisk(
  staging: string,
  { disk, descriptorPath, contents }: PlacedDisk,
  { random, objects, fillers }: DiskMaker,
): Promise<string[]> {
  const { capacityBytes } = disk;
  if (capacityBytes % SECTOR_BYTES !== 0) {
    throw new Fault('InvalidArgument', `The size of ${disk.label} is not a multiple of 512 bytes.`);
  }
  const flatName = `${stem(descriptorPath)}-flat.vmdk`;
  const objectName = objects?.newName(descriptorPath) ?? null;
  const sectors = capacityBytes / SECTOR_BYTES;
  const extentFileName = objectName ?? flatName;
  const empty = newDescriptor({ createType: 'vmfs', sectors, extentFileName, random });
  const names = disk.filters.map((filter) => filter.name);
  const bytes = formatDescriptor(withIofilters(empty, names));
  await writeFileDurably(join(staging, basename(descriptorPath)), bytes);
  if (objectName !== null) await objects?.create(objectName, capacityBytes);
  const fill = fillers?.get(disk.key) ?? fillerOf(contents);
  if (objectName !== null && !fill) return [];
  const flatPath = join(staging, flatName);
  await makeSparseFile(flatPath, capacityBytes);
  if (!fill) return [];
  const warnings = (await fill({ disk, path: flatPath, scratch: staging })) ?? [];
  if (objectName === null || !objects) return warnings;
  await copyToObject(flatPath, { objects, name: objectName, sizeBytes: capacityBytes });
  await unlink(flatPath);
  return warnings;
}

function fillerOf(contents: DiskContents | undefined): DiskFiller | undefined {
  if (!contents) return undefined;
  const { label, files } = contents;
  return ({ path, scratch }) => fillExt4({ path, label, files, scratch });
}

/** Removes what an attempt has left, objects included. */
export async function discardStaging(staging: string, objects?: ObjectStore): Promise<void> {
  const names = await readdir(staging).catch(() => []);
  const descriptors = names.filter((name) => /(?<!-flat)\.vmdk$/.test(name));
  for (const name of descriptors) await deleteDisk(join(staging, name), objects);
  await rm(staging, { recursive: true, force: true });
}

/** A thin disk is a sparse file: blocks come with the first write. */
async function makeSparseFile(path: string, bytes: number): Promise<void> {
  const extent = await open(path, 'wx', 0o600);
  try {
    await extent.truncate(bytes);
  } finally {
    await extent.close();
  }
}

interface NewObject {
  objects: ObjectStore;
  name: string;
  sizeBytes: number;
}

async function copyToObject(path: string, { objects, name, sizeBytes }: NewObject): Promise<void> {
  const kind = name.startsWith('vsan:') ? 'vsan' : 'vvol';
  const target = await objects.open({ kind, name, sizeBytes, readOnly: false });
  const source = await open(path, 'r');
  try {
    for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, sizeBytes - offset);
      const { buffer } = await source.read(Buffer.alloc(length), 0, length, offset);
      if (buffer.compare(ZEROES, 0, length) === 0) continue;
      requireWritten(name, await writeBytes(target, { offset, data: buffer }));
    }
    requireWritten(name, await target.flush());
  } finally {
    await source.close();
    await target.close();
  }
}

function requireWritten(name: string, error: number): void {
  if (error === 0) return;
  const fault = errnoName(error) === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
  throw new Fault(fault, `The new disk ${name} cannot be written: ${errnoName(error)}.`);
}
