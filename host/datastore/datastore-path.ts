// Paths inside a datastore, as they come over the wire: they may name nothing outside of it, links
// included.
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from './errno.ts';

const PATH_LENGTH_MAX = 1024;

/**
 * The absolute path of `path` below `root`. What it names need not exist. Throws `InvalidArgument`
 * for absolute paths, empty, `.` or `..` components, and when a symbolic link on the way leads out
 * of the root.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const parts = path.split('/');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const bad = parts.some((part) => /^\.{0,2}$|[\\\u0000-\u001f\u007f]/.test(part));
  if (bad || path.length > PATH_LENGTH_MAX) throw refused(path);
  const realRoot = await realpath(root).catch((cause: unknown) => {
    throw new Fault('InvalidDatastore', `The directory ${root} cannot be reached.`, { cause });
  });
  const full = join(realRoot, ...parts);
  const existing = await deepestExisting(full);
  const fromRoot = relative(realRoot, await realpath(existing).catch(() => '/'));
  if (fromRoot.startsWith('..') || fromRoot.startsWith('/')) throw refused(path);
  return full;
}

/** The name of a file without its ending: the VM's or the disk's short name. */
export function stem(path: string): string {
  return basename(path).replace(/\.[^.]*$/, '');
}

async function deepestExisting(path: string): Promise<string> {
  try {
    await lstat(path);
    return path;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') throw error;
    return deepestExisting(dirname(path));
  }
}

function refused(path: string): Fault {
  return new Fault('InvalidArgument', `"${path}" is not a path inside the datastore.`);
}
