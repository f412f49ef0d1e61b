// Names of the files that operations make: a redo log is called after its disk with the next number
// that is free, as vSphere does: web01-000001.vmdk.
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../../../datastore/errno.ts';
import { type SmallFiles, systemFiles } from '../../../datastore/small-files.ts';
import type { DatastorePaths } from '../../../datastore/vm-home.ts';

const NUMBER_MAX = 999_999;

export interface DiskAt {
  datastoreId: string;
  /** Of the descriptor, inside the datastore. */
  path: string;
}

/** Where the next redo log of a disk goes, with its absolute path. */
export async function nextRedoLog(
  paths: DatastorePaths,
  { datastoreId, path }: DiskAt,
  files: SmallFiles = systemFiles,
): Promise<DiskAt & { full: string }> {
  const base = path.replace(/\.vmdk$/, '').replace(/-\d{6}$/, '');
  for (let number = 1; number <= NUMBER_MAX; number++) {
    const candidate = `${base}-${String(number).padStart(6, '0')}.vmdk`;
    const full = await paths.resolve(datastoreId, candidate);
    const delta = full.replace(/\.vmdk$/, '-delta.vmdk');
    if (await isFree([full, delta], files)) return { datastoreId, path: candidate, full };
  }
  throw new Fault('InvalidState', `No name is left for a redo log of ${path}.`);
}

/** Whether no file is there. Throws `FileFault` where that cannot be told. */
export async function isFree(
  paths: readonly string[],
  files: SmallFiles = systemFiles,
): Promise<boolean> {
  for (const path of paths) if (await isThere(path, files)) return false;
  return true;
}

async function isThere(path: string, files: SmallFiles): Promise<boolean> {
  try {
    await files.read(path, 1);
    return true;
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return false;
    const message = `It cannot be told whether there is a file ${path}: ${errno ?? cause}.`;
    throw new Fault('FileFault', message, { cause });
  }
}
