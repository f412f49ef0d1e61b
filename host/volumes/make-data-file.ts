// Makes or lengthens the file with the data of an object, sparse or with its space reserved.
import { errnoOf } from '../datastore/errno.ts';
import type { ExtentFile } from '../disk/extent-file.ts';
import { reserveSpace, step } from '../disk/files/file-steps.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';

export interface DataFile {
  /** What it shall have; a file that is longer stays so. */
  sizeBytes: number;
  /** All that there is from the old size on gets its space now. */
  reserved: boolean;
  /** What it has had until now; 0 for a new one, also when an attempt before has left it. */
  oldBytes: number;
}

/** Repeatable. Durable when it ends. Throws `NoDiskSpace` or `FileFault`. */
export async function makeDataFile(path: string, wanted: DataFile): Promise<void> {
  const { sizeBytes, reserved, oldBytes } = wanted;
  const file = await openOrCreate(path);
  try {
    if (file.sizeBytes < sizeBytes) await step(file, (done) => file.truncate(sizeBytes, done));
    const length = Math.max(0, sizeBytes - oldBytes);
    if (reserved) await reserveSpace({ file, position: oldBytes, length });
    await step(file, (done) => file.sync(done));
  } finally {
    file.close();
  }
}

function openOrCreate(path: string): Promise<ExtentFile> {
  return systemDiskFiles.open(path, 'create').catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return systemDiskFiles.open(path, 'write');
  });
}
