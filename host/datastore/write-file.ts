// Writes a small file so that a crash at any time leaves the old contents or the new, never a
// mixture.
import { dirname } from 'node:path';
import { type SmallFiles, systemFiles } from './small-files.ts';

/** Replaces the file in one durable step. One writer of a path at a time. */
export async function writeFileDurably(
  path: string,
  data: string | Uint8Array,
  files: SmallFiles = systemFiles,
): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await files.write(temporary, data, { durable: true });
    await files.rename(temporary, path);
  } catch (error) {
    // What stands there is incomplete; the first error is the one to tell.
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
  await files.syncDirectory(dirname(path));
}

/** Makes new, renamed and removed names in a directory durable. */
export function syncDirectory(path: string): Promise<void> {
  return systemFiles.syncDirectory(path);
}
