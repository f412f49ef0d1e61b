// Names of the files that operations make: a redo log is called after its disk with the next number
// that is free, as vSphere does: web01-000001.vmdk.
import { access } from 'node:fs/promises';
import { Fault } from '#lib/model/fault.ts';
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
): Promise<DiskAt & { full: string }> {
  const base = path.replace(/\.vmdk$/, '').replace(/-\d{6}$/, '');
  for (let number = 1; number <= NUMBER_MAX; number++) {
    const candidate = `${base}-${String(number).padStart(6, '0')}.vmdk`;
    const full = await paths.resolve(datastoreId, candidate);
    const delta = full.replace(/\.vmdk$/, '-delta.vmdk');
    if (await isFree(full, delta)) return { datastoreId, path: candidate, full };
  }
  throw new Fault('InvalidState', `No name is left for a redo log of ${path}.`);
}

export async function isFree(...files: string[]): Promise<boolean> {
  for (const file of files) {
    const taken = await access(file).then(
      () => true,
      () => false,
    );
    if (taken) return false;
  }
  return true;
}
