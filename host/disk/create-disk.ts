// Makes a new flat disk: its extent, with the space that its provisioning wants, and its
// descriptor.
import { basename, dirname, join } from 'node:path';
import type { Random } from '#lib/base/random.ts';
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Provisioning } from '#lib/wire/agent/disk-rpc.ts';
import { writeDescriptor } from '../datastore/descriptor-file.ts';
import { errnoOf } from '../datastore/errno.ts';
import type { DiskFiles, ExtentFile } from './extent-file.ts';
import { fillWithZeroes, reserveSpace, step } from './files/file-steps.ts';

/** What a copy does not take over from the data base of its original. */
const OWN_KEYS = ['longContentID', 'uuid', 'thinProvisioned', 'geometry.cylinders'];

export interface NewDiskRequest {
  /** `web01.vmdk`; the extent is `web01-flat.vmdk` beside it. Neither may exist. */
  descriptorPath: string;
  capacityBytes: number;
  provisioning: Provisioning;
  files: DiskFiles;
  random: Random;
  /** Of a copy: the data base of the original. */
  ddb?: ReadonlyMap<string, string>;
  signal?: AbortSignal;
  /** Of the zeroes of an eager zeroed disk. */
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Makes an empty disk, all durable. Throws `InvalidArgument`, `AlreadyExists`, `NoDiskSpace`,
 * `FileFault` or `RequestCanceled`; then nothing is left.
 */
export async function createFlatDisk(request: NewDiskRequest): Promise<VmdkDescriptor> {
  const { descriptorPath, capacityBytes, files } = request;
  requireSize(capacityBytes);
  const objectName = files.objects?.newName(descriptorPath) ?? null;
  if (objectName !== null) return createObjectDisk(request, objectName);
  const extentFileName = `${basename(descriptorPath).replace(/\.vmdk$/, '')}-flat.vmdk`;
  const path = join(dirname(descriptorPath), extentFileName);
  const descriptor = describeDisk(request, extentFileName);
  const file = await files.open(path, 'create').catch((cause: unknown) => {
    throw openFault(path, cause);
  });
  try {
    await takeSpace(request, file).finally(() => file.close());
    await writeDescriptor(descriptorPath, descriptor, files);
  } catch (error) {
    await files.remove(path).catch(() => undefined);
    throw error;
  }
  return descriptor;
}

/** A thick object has its space reserved, which reads as zeroes: eager zeroed is no more. */
async function createObjectDisk(request: NewDiskRequest, name: string): Promise<VmdkDescriptor> {
  const { descriptorPath, capacityBytes, provisioning, files } = request;
  const descriptor = describeDisk(request, name);
  await writeDescriptor(descriptorPath, descriptor, files);
  try {
    await files.objects?.create(name, capacityBytes, provisioning !== 'thin');
  } catch (error) {
    await files.remove(descriptorPath).catch(() => undefined);
    throw error;
  }
  return descriptor;
}

/** Throws `InvalidArgument` for a size that no disk can have. */
export function requireSize(capacityBytes: number): void {
  const whole = capacityBytes > 0 && capacityBytes % SECTOR_BYTES === 0;
  if (whole && capacityBytes <= DISK_BYTES_MAX) return;
  const message = `A virtual disk cannot have ${capacityBytes} bytes`;
  throw new Fault('InvalidArgument', `${message}: whole sectors of 512, and at most 62 TiB.`);
}

async function takeSpace(request: NewDiskRequest, file: ExtentFile): Promise<void> {
  const { capacityBytes, provisioning, signal, onProgress } = request;
  await step(file, (done) => file.truncate(capacityBytes, done));
  const range = { file, position: 0, length: capacityBytes };
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  if (provisioning === 'eagerZeroedThick') await fillWithZeroes({ ...range, ...options });
  if (provisioning === 'thick') await reserveSpace({ ...range, ...options });
  await step(file, (done) => file.sync(done));
}

function describeDisk(request: NewDiskRequest, extentFileName: string): VmdkDescriptor {
  const { capacityBytes, provisioning, random, ddb: original = new Map() } = request;
  const sectors = capacityBytes / SECTOR_BYTES;
  const fresh = newDescriptor({ createType: 'vmfs', sectors, extentFileName, random });
  const ddb = new Map(fresh.ddb);
  if (provisioning !== 'thin') ddb.delete('thinProvisioned');
  for (const [key, value] of original) if (!OWN_KEYS.includes(key)) ddb.set(key, value);
  return { ...fresh, ddb };
}

function openFault(path: string, cause: unknown): Fault {
  const code = errnoOf(cause) ?? String(cause);
  if (code === 'EEXIST') return new Fault('AlreadyExists', `The file ${path} exists.`, { cause });
  const fault = code === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
  return new Fault(fault, `The file ${path} cannot be made: ${code}.`, { cause });
}
