// The files of a snapshot: a new descriptor with an empty redo log, on top of the one that is
// frozen by it; and the names of a disk's files.
import { basename, dirname, join, relative } from 'node:path';
import { type Random, randomHex } from '#lib/base/random.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import { formatCowdHeader, newCowdHeader } from '#lib/formats/vmdk/cowd.ts';
import {
  capacitySectors,
  isObjectName,
  NO_PARENT,
  type VmdkDescriptor,
} from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES, SNAPSHOT_DEPTH_MAX } from '#lib/model/limits.ts';
import { writeDescriptor } from '../datastore/descriptor-file.ts';
import { errnoOf } from '../datastore/errno.ts';
import type { DiskFiles, Done } from './extent-file.ts';
import { readChain } from './layers/read-chain.ts';

export interface RedoLogRequest {
  parentDescriptorPath: string;
  /** Must not exist. */
  childDescriptorPath: string;
  files: DiskFiles;
  random: Random;
  /** As ChainRequest says. */
  roots?: readonly string[];
}

/**
 * Makes a descriptor with an empty redo log over a parent; all is durable when it resolves. The
 * child has the parent's data base, with its I/O filters, but for their sidecars: the caller makes
 * copies. Throws `InvalidArgument` when the disk has too many redo logs or 2 TiB,
 * `AlreadyExists`, `NoDiskSpace`, `FileFault`; then nothing is left.
 */
export async function createRedoLog(request: RedoLogRequest): Promise<VmdkDescriptor> {
  const { parentDescriptorPath, childDescriptorPath, files, random } = request;
  const [parent, ...below] = await readChain({
    ...request,
    descriptorPath: parentDescriptorPath,
  });
  if (parent === undefined || below.length >= SNAPSHOT_DEPTH_MAX) {
    const message = `The disk ${parentDescriptorPath} has ${below.length} redo logs already.`;
    throw new Fault('InvalidArgument', message);
  }
  const sectors = capacitySectors(parent.descriptor);
  const extentFileName = deltaName(childDescriptorPath);
  const child = childDescriptor({ ...request, parent: parent.descriptor, extentFileName, random });
  const logPath = join(dirname(childDescriptorPath), extentFileName);
  await createLogFile(logPath, sectors, files);
  try {
    await writeDescriptor(childDescriptorPath, child, files);
  } catch (error) {
    await files.remove(logPath).catch(() => undefined);
    throw error;
  }
  return child;
}

/**
 * The name of the next descriptor of a disk, as vSphere counts: `web01-000001.vmdk` after
 * `web01.vmdk`, and one more than the highest number among the names taken.
 */
export function nextDescriptorName(descriptorPath: string, taken: readonly string[]): string {
  const stem = basename(descriptorPath)
    .replace(/\.vmdk$/, '')
    .replace(/-\d{6}$/, '');
  let highest = 0;
  for (const name of taken) {
    const match = /^(.*)-(\d{6})(?:-delta|-flat|-rdm)?\.vmdk$/.exec(name);
    if (match?.[1] === stem) highest = Math.max(highest, Number(match[2]));
  }
  return `${stem}-${String(highest + 1).padStart(6, '0')}.vmdk`;
}

/** Absolute paths of a descriptor and the files of its extents; not of its parents. */
export function descriptorFileNames(descriptorPath: string, descriptor: VmdkDescriptor): string[] {
  const names = new Set([basename(descriptorPath)]);
  for (const { type, fileName } of descriptor.extents) {
    if (type !== 'ZERO' && !isObjectName(fileName)) names.add(fileName);
  }
  return [...names].map((name) => join(dirname(descriptorPath), name));
}

function deltaName(descriptorPath: string): string {
  return `${basename(descriptorPath).replace(/\.vmdk$/, '')}-delta.vmdk`;
}

interface ChildParts extends RedoLogRequest {
  parent: VmdkDescriptor;
  extentFileName: string;
}

function childDescriptor(parts: ChildParts): VmdkDescriptor {
  const { parent, parentDescriptorPath, childDescriptorPath, extentFileName, random } = parts;
  const header = new Map(parent.header);
  // What is said of the parent's own extents does not hold for the log.
  header.delete('changeTrackPath');
  header.set('isNativeSnapshot', '"no"');
  const extent = {
    access: 'RW',
    sectors: capacitySectors(parent),
    type: 'VMFSSPARSE',
    fileName: extentFileName,
    offsetSectors: 0,
  } as const;
  const ddb = new Map(parent.ddb);
  const longContentId = randomHex(random, 16);
  ddb.set('longContentID', longContentId);
  ddb.delete('thinProvisioned');
  // Whoever takes back what was made here deletes what the child names.
  ddb.delete('sidecars');
  return {
    cid: longContentId.slice(-8) === NO_PARENT ? 'fffffffe' : longContentId.slice(-8),
    parentCid: parent.cid,
    createType: 'vmfsSparse',
    parentFileNameHint: hintFor(parentDescriptorPath, childDescriptorPath),
    extents: [extent],
    header,
    ddb,
  };
}

/**
 * The parent as the child names it: relative to its own directory as long as both are on the same
 * datastore, so that this may be mounted elsewhere; else by its whole path.
 */
export function hintFor(parentDescriptorPath: string, childDescriptorPath: string): string {
  const fromChild = relative(dirname(childDescriptorPath), parentDescriptorPath);
  return fromChild.startsWith('../../') ? parentDescriptorPath : fromChild;
}

async function createLogFile(path: string, sectors: number, files: DiskFiles): Promise<void> {
  const header = headerOf(path, sectors);
  const file = await files.open(path, 'create').catch((cause: unknown) => {
    throw logFault(path, errnoOf(cause) ?? String(cause));
  });
  const end = header.freeSector * SECTOR_BYTES;
  const bytes = Buffer.from(formatCowdHeader(header));
  const write = { buffer: bytes, start: 0, length: bytes.length, position: 0 };
  const error =
    (await later((done) => file.truncate(end, done))) ||
    (await later((done) => file.writeLater(write, done))) ||
    (await later((done) => file.sync(done)));
  file.close();
  if (error === 0) return;
  await files.remove(path).catch(() => undefined);
  throw logFault(path, errnoName(error));
}

function headerOf(path: string, sectors: number): ReturnType<typeof newCowdHeader> {
  try {
    return newCowdHeader(sectors);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new Fault('InvalidArgument', `${path} cannot be made: ${error.message}`);
  }
}

function later(work: (done: Done) => void): Promise<number> {
  return new Promise((resolve) => work(resolve));
}

function logFault(path: string, code: string): Fault {
  if (code === 'EEXIST') return new Fault('AlreadyExists', `The file ${path} exists.`);
  if (code === 'ENOSPC') {
    return new Fault('NoDiskSpace', `The datastore is full; ${path} was not made.`);
  }
  return new Fault('FileFault', `The redo log ${path} cannot be made: ${code}.`);
}
