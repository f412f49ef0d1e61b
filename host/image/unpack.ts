// Puts the files of a VIB into a directory so that they survive a power failure.
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchiveFile } from '#lib/formats/vib/archive/tar.ts';
import { syncDirectory } from '../datastore/write-file.ts';

/** The directory must be new. Paths were checked when the archive was read. */
export async function unpackDurably(
  directory: string,
  files: readonly ArchiveFile[],
): Promise<void> {
  const directories = new Set([directory]);
  await mkdir(directory, { recursive: true });
  for (const { path, mode, bytes } of files) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
      directories.add(join(directory, parent));
    }
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    const file = await open(target, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  for (const each of directories) await syncDirectory(each);
}
