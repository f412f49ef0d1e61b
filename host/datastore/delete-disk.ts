// Deletes the files of a virtual disk: its extents and sidecars, then the descriptor that names
// them, then its lock. What is gone already is no failure, so that a deletion that was cut off is
// simply made again.
import { rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isObjectName, type VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { ObjectStore } from '../disk/object-store.ts';
import { readDescriptor } from './descriptor-file.ts';
import { errnoOf } from './errno.ts';
import { sidecarPaths } from './sidecar-file.ts';
import { syncDirectory } from './write-file.ts';

/** The disk must be in nobody's use. Throws `FileFault`, and what removing an object throws. */
export async function deleteDisk(descriptorPath: string, objects?: ObjectStore): Promise<void> {
  const folder = dirname(descriptorPath);
  const descriptor = await readOrNull(descriptorPath);
  const files =
    descriptor === null ? likelyFiles(descriptorPath) : filesOf(descriptorPath, descriptor);
  for (const { fileName } of descriptor?.extents ?? []) {
    if (isObjectName(fileName)) await objects?.remove(fileName);
  }
  for (const path of [...files, descriptorPath, `${descriptorPath}.new`]) await remove(path);
  await rm(`${descriptorPath}.lck`, { recursive: true, force: true });
  await syncDirectory(folder).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** Absolute paths of a disk's own files, its descriptor aside. */
function filesOf(descriptorPath: string, descriptor: VmdkDescriptor): string[] {
  const extents = descriptor.extents
    .map(({ fileName }) => fileName)
    .filter((name) => !name.includes('/'));
  const folder = dirname(descriptorPath);
  const sidecars = sidecarPaths(descriptorPath, descriptor);
  return [...extents.map((name) => join(folder, name)), ...sidecars];
}

/** Of a disk whose descriptor was never written. */
function likelyFiles(descriptorPath: string): string[] {
  const base = descriptorPath.replace(/\.vmdk$/, '');
  return [`${base}-delta.vmdk`, `${base}-flat.vmdk`];
}

async function readOrNull(path: string): Promise<VmdkDescriptor | null> {
  try {
    return await readDescriptor(path);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
    throw thrown;
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return;
    const message = `The file ${path} cannot be deleted: ${errnoOf(cause) ?? String(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
}
