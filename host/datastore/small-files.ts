// The small files of a datastore (descriptors, locks, sidecars) as its code uses them: read and
// written whole, linked and renamed. The one place where that meets the file system, so that a
// simulated one can stand there.
import { link, mkdir, open, readdir, realpath, rename, rmdir, unlink } from 'node:fs/promises';

/** Every method rejects with an error that has the `code` of a system error. */
export interface SmallFiles {
  /** The names in a directory. */
  list(directory: string): Promise<string[]>;
  /** The first `bytesMax` bytes of a file. */
  read(path: string, bytesMax: number): Promise<Uint8Array>;
  /** Creates the file or empties it, and writes it; durably, if asked, but for its name. */
  write(path: string, data: string | Uint8Array, options: { durable: boolean }): Promise<void>;
  /** Writes over the beginning of a file in one call; ENOENT when there is none. */
  overwrite(path: string, data: string, options?: { durable: boolean }): Promise<void>;
  /** Gives a file a second name; EEXIST when there is one of that name. */
  link(path: string, newPath: string): Promise<void>;
  /** Replaces what has the new name in one step. */
  rename(path: string, newPath: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes a directory and those above it; nothing happens when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** The directory must be empty. */
  removeDirectory(path: string): Promise<void>;
  /** The path without links in it. */
  realPath(path: string): Promise<string>;
  /** Makes new, renamed and removed names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

/** Those of the machine. */
export const systemFiles: SmallFiles = {
  list: (directory) => readdir(directory),
  read: readHead,
  write: writeWhole,
  overwrite,
  link: (path, newPath) => link(path, newPath),
  rename: (path, newPath) => rename(path, newPath),
  remove: (path) => unlink(path),
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  removeDirectory: (path) => rmdir(path),
  realPath: (path) => realpath(path),
  syncDirectory: sync,
};

async function readHead(path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.min(bytesMax, size));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function writeWhole(
  path: string,
  data: string | Uint8Array,
  { durable }: { durable: boolean },
): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(data);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

async function overwrite(
  path: string,
  data: string,
  options?: { durable: boolean },
): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(data, 0);
    if (options?.durable) await file.sync();
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
