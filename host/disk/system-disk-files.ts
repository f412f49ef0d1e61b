// The files below disks as the machine's file system has them.
import { close, constants, fstat, open } from 'node:fs';
import { promisify } from 'node:util';
import { systemFiles } from '../datastore/small-files.ts';
import type { DiskFiles, ExtentFile, OpenMode } from './extent-file.ts';
import { FdFile } from './files/fd-file.ts';
import { hangShareOf } from './files/hang-share.ts';

const openLater = promisify(open);
const closeLater = promisify(close);
const fstatLater = promisify(fstat);

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const FLAGS: Record<OpenMode, number> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT | O_EXCL,
};

export const systemDiskFiles: DiskFiles = { ...systemFiles, open: openFile };

async function openFile(path: string, mode: OpenMode): Promise<ExtentFile> {
  // A link could lead out of the datastore, and opening a pipe could wait for ever.
  const fd = await openLater(path, FLAGS[mode] | O_NOFOLLOW | O_NONBLOCK, 0o600);
  const info = await fstatLater(fd);
  if (info.isFile()) return new FdFile(path, fd, info.size, await hangShareOf(path, info.dev));
  await closeLater(fd);
  throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EISDIR' });
}
