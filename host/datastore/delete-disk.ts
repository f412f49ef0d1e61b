// Deletes the files of a virtual disk: its extents and sidecars, then the descriptor that names
// them, then its lock. What is gone already is no failure, so that a deletion that was cut off is
// simply made again.
import { dirname, join } from 'node:path';
import { isObjectName, type VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import type { ObjectStore } from '../disk/object-store.ts';
import { readDescriptor } from './descriptor-file.ts';
import { errnoOf } from './errno.ts';
import { sidecarPaths } from './sidecar-file.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';

/** The disk must be in nobody's use. Throws `FileFault`, and what removing an object throws. */
export async function deleteDisk(
  descriptorPath: string,
  objects?: ObjectStore,
  files: SmallFiles = systemFiles,
): Promise<void> {
  const folder = dirname(descriptorPath);
  const descriptor = await readOrNull(descriptorPath, files);
  const own =
    descriptor === null ? likelyFiles(descriptorPath) : filesOf(descriptorPath, descriptor);
  for (const { fileName } of descriptor?.extents ?? []) {
    if (isObjectName(fileName)) await objects?.remove(fileName);
  }
  for (const path of [...own, descriptorPath, `${descriptorPath}.new`]) await remove(path, files);
  await removeLock(`${descriptorPath}.lck`, files);
  await files.syncDirectory(folder).catch((error: unknown) => {
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

async function readOrNull(path: string, files: SmallFiles): Promise<VmdkDescriptor | null> {
  try {
    return await readDescriptor(path, files);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.fault === 'FileNotFound') return null;
    throw thrown;
  }
}

async function removeLock(path: string, files: SmallFiles): Promise<void> {
  const gone = (error: unknown): void => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  };
  const names = await files.list(path).catch((error: unknown) => {
    gone(error);
    return null;
  });
  if (names === null) return;
  for (const name of names) await remove(join(path, name), files);
  await files.removeDirectory(path).catch(gone);
}

async function remove(path: string, files: SmallFiles): Promise<void> {
  await files.remove(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return;
    const message = `The file ${path} cannot be deleted: ${errnoOf(cause) ?? String(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
}
