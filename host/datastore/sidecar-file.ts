// The sidecars of a virtual disk as files: `<disk>-<filter>.vmfd` beside the descriptor, which
// names them. A sidecar is written before the descriptor names it, and goes after it is named no
// more, so that a crash leaves at most a file that nobody uses.
import { basename, dirname, join } from 'node:path';
import { FormatError } from '#lib/formats/format-error.ts';
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { sidecars, withSidecars } from '#lib/formats/vmdk/sidecars.ts';
import { decodeSidecar, encodeSidecar, SIDECAR_FILE_BYTES_MAX } from '#lib/formats/vmfd/sidecar.ts';
import { Fault } from '#lib/model/fault.ts';
import { readDescriptor, writeDescriptor } from './descriptor-file.ts';
import { errnoOf } from './errno.ts';
import { type SmallFiles, systemFiles } from './small-files.ts';
import { writeFileDurably } from './write-file.ts';

/**
 * What a filter keeps with the disk; null when the descriptor names no sidecar of it. Throws
 * `CannotOpenDisk` naming the file when that is missing or damaged.
 */
export async function readSidecar(
  descriptorPath: string,
  descriptor: VmdkDescriptor,
  filter: string,
  files: SmallFiles = systemFiles,
): Promise<Uint8Array | null> {
  const fileName = namesOf(descriptorPath, descriptor).get(filter);
  if (fileName === undefined) return null;
  const file = await readWhole(descriptorPath, fileName, files);
  try {
    return decodeSidecar(file);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw refusal(descriptorPath, fileName, `is damaged (${cause.message})`, cause);
  }
}

/**
 * Throws `CannotOpenDisk` naming the first sidecar that the descriptor names and that is not there.
 */
export async function requireSidecars(
  descriptorPath: string,
  descriptor: VmdkDescriptor,
  files: SmallFiles = systemFiles,
): Promise<void> {
  for (const fileName of namesOf(descriptorPath, descriptor).values()) {
    await files.read(join(dirname(descriptorPath), fileName), 1).catch((cause: unknown) => {
      throw refusal(descriptorPath, fileName, 'is missing or cannot be read', cause);
    });
  }
}

/** Replaces a filter's sidecar durably; returns the descriptor that names it. */
export async function writeSidecar(
  descriptorPath: string,
  descriptor: VmdkDescriptor,
  { filter, contents }: { filter: string; contents: Uint8Array },
  files: SmallFiles = systemFiles,
): Promise<VmdkDescriptor> {
  const names = namesOf(descriptorPath, descriptor);
  const fileName = names.get(filter) ?? (await freeName(descriptorPath, filter, files));
  const path = join(dirname(descriptorPath), fileName);
  await writeFileDurably(path, encodeSidecar(contents), files).catch((cause: unknown) => {
    const full = errnoOf(cause) === 'ENOSPC';
    const message = `The sidecar ${fileName} cannot be written: ${errnoOf(cause) ?? cause}.`;
    throw new Fault(full ? 'NoDiskSpace' : 'FileFault', message, { cause });
  });
  return names.has(filter)
    ? descriptor
    : withSidecars(descriptor, new Map([...names, [filter, fileName]]));
}

/** The descriptor without the sidecars of these filters, and their files, to be removed after. */
export function dropSidecars(
  descriptorPath: string,
  descriptor: VmdkDescriptor,
  filters: readonly string[],
): { descriptor: VmdkDescriptor; paths: string[] } {
  const names = namesOf(descriptorPath, descriptor);
  const paths: string[] = [];
  for (const filter of filters) {
    const fileName = names.get(filter);
    if (fileName === undefined) continue;
    names.delete(filter);
    paths.push(join(dirname(descriptorPath), fileName));
  }
  return { descriptor: withSidecars(descriptor, names), paths };
}

/** Removes files that no descriptor names any more; one that is gone is no failure. */
export async function removeSidecarFiles(
  paths: readonly string[],
  files: SmallFiles = systemFiles,
): Promise<void> {
  for (const path of paths) {
    await files.remove(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }
}

/** Absolute paths of a disk's sidecars, for whoever deletes, moves or measures the disk. */
export function sidecarPaths(descriptorPath: string, descriptor: VmdkDescriptor): string[] {
  const folder = dirname(descriptorPath);
  return [...namesOf(descriptorPath, descriptor).values()].map((name) => join(folder, name));
}

/**
 * Gives the second disk copies of the first one's sidecars, named in its descriptor, which must
 * exist. For snapshots, clones and moves; the first disk's filters must stand still or not run.
 * Throws `CannotOpenDisk` when a sidecar is missing or damaged, `NoDiskSpace` or `FileFault`.
 */
export async function copySidecars(
  fromDescriptorPath: string,
  toDescriptorPath: string,
  files: SmallFiles = systemFiles,
): Promise<void> {
  const from = await readDescriptor(fromDescriptorPath, files);
  const before = await readDescriptor(toDescriptorPath, files);
  // The new descriptor may be a copy of the old one, and name files that are not its own.
  let to = withSidecars(before, new Map());
  for (const filter of namesOf(fromDescriptorPath, from).keys()) {
    const contents = await readSidecar(fromDescriptorPath, from, filter, files);
    if (contents === null) continue;
    to = await writeSidecar(toDescriptorPath, to, { filter, contents }, files);
  }
  if (before.ddb.get('sidecars') !== to.ddb.get('sidecars')) {
    await writeDescriptor(toDescriptorPath, to, files);
  }
}

function namesOf(descriptorPath: string, descriptor: VmdkDescriptor): Map<string, string> {
  try {
    return sidecars(descriptor);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const message = `The virtual disk ${descriptorPath} cannot be used: ${cause.message}`;
    throw new Fault('InvalidDiskFormat', message, { cause });
  }
}

async function readWhole(
  descriptorPath: string,
  fileName: string,
  files: SmallFiles,
): Promise<Uint8Array> {
  const path = join(dirname(descriptorPath), fileName);
  try {
    const bytes = await files.read(path, SIDECAR_FILE_BYTES_MAX + 1);
    if (bytes.length <= SIDECAR_FILE_BYTES_MAX) return bytes;
  } catch (cause) {
    const missing = errnoOf(cause) === 'ENOENT';
    const why = missing ? 'is missing' : `cannot be read (${errnoOf(cause) ?? String(cause)})`;
    throw refusal(descriptorPath, fileName, why, cause);
  }
  throw refusal(descriptorPath, fileName, 'is damaged (it is too large)');
}

/**
 * A name that no file has: the disk `a` with the filter `b-c` and the disk `a-b` with the filter
 * `c` would have the same one.
 */
async function freeName(
  descriptorPath: string,
  filter: string,
  files: SmallFiles,
): Promise<string> {
  const base = `${basename(descriptorPath, '.vmdk')}-${filter}`;
  for (let attempt = 1; ; attempt++) {
    const fileName = attempt === 1 ? `${base}.vmfd` : `${base}-${attempt}.vmfd`;
    const taken = await files.read(join(dirname(descriptorPath), fileName), 1).then(
      () => true,
      () => false,
    );
    if (!taken) return fileName;
  }
}

function refusal(descriptorPath: string, fileName: string, why: string, cause?: unknown): Fault {
  return new Fault(
    'CannotOpenDisk',
    `Cannot open the disk ${descriptorPath}: the sidecar ${fileName} ${why}.`,
    { cause },
  );
}
