// Files that the server itself can read and import: those below the folders that the operator has
// named, and nothing else, whatever a path or a link says.
import { constants, mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../model/fault.ts';
import { SERVER_FILES_MAX } from '../../model/limits.ts';
import type { ServerFiles } from '../../wire/api/imports.ts';

/** Folders within folders that are looked into. */
const DEPTH_MAX = 4;
const CHUNK_BYTES = 1024 * 1024;
const IMPORTABLE = /\.(?:ova|ovf|mf|vmx|vmdk|qcow2|raw|img|dd|bin)$/i;

/**
 * The folder `import` of the data folder, which is made, and those that `named` lists, with the
 * separator of PATH between them.
 */
export function makeImportFolders(dataFolder: string, named: string): string[] {
  const own = path.join(dataFolder, 'import');
  mkdirSync(own, { recursive: true });
  return [own, ...named.split(path.delimiter).filter((folder) => folder !== '')];
}

/**
 * What can be imported, by path, at most SERVER_FILES_MAX. Links are not followed, and folders that
 * cannot be read are passed over.
 */
export async function listServerFiles(folders: readonly string[]): Promise<ServerFiles> {
  const files: ServerFiles['files'] = [];
  const roots = await rootsOf(folders);
  const waiting = roots.map((folder) => ({ folder, depth: 0 }));
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { folder, depth } = next;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const place = path.join(folder, entry.name);
      if (entry.isDirectory() && depth < DEPTH_MAX)
        waiting.push({ folder: place, depth: depth + 1 });
      if (!entry.isFile() || !IMPORTABLE.test(entry.name)) continue;
      if (files.length === SERVER_FILES_MAX) return { folders: roots, files, isComplete: false };
      // A file may go between the two looks.
      const found = await stat(place).catch(() => null);
      if (found) files.push({ path: place, sizeBytes: found.size });
    }
  }
  return { folders: roots, files, isComplete: true };
}

export interface ServerFile {
  fileName: string;
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * A file to be read once, from its begin. `InvalidArgument` outside of the folders, `NotFound`; and
 * while it is read `NoPermission` where the server's own user may not.
 */
export async function openServerFile(
  folders: readonly string[],
  wanted: string,
): Promise<ServerFile> {
  const roots = await rootsOf(folders);
  const outside = () => {
    const where = roots.length === 0 ? 'none' : roots.join(', ');
    const message = `${wanted} is not in a folder that the server imports from (${where}).`;
    return new Fault('InvalidArgument', message);
  };
  const asked = path.resolve('/', wanted);
  const real = await realpath(asked).catch((error: unknown) => {
    // Of what lies elsewhere nobody learns whether it is there.
    throw isWithin([...folders, ...roots], asked) ? refusalOf(error, wanted) : outside();
  });
  if (!isWithin(roots, real)) throw outside();
  if (!(await stat(real)).isFile()) {
    throw new Fault('InvalidArgument', `${wanted} is no plain file.`);
  }
  return { fileName: path.basename(real), bytes: readThrough(real, wanted) };
}

async function* readThrough(real: string, wanted: string): AsyncGenerator<Uint8Array> {
  // A pipe that takes the file's place now does not make us wait, and no link is followed.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(real, flags).catch((error: unknown) => {
    throw refusalOf(error, wanted);
  });
  if ((await placeOf(handle, real)) !== real || !(await handle.stat()).isFile()) {
    await handle.close();
    throw new Fault('InvalidArgument', `${wanted} was moved while it was opened.`);
  }
  yield* handle.createReadStream({ highWaterMark: CHUNK_BYTES });
}

/** Where the open file really lies: a folder on the way may be a link by now. */
function placeOf({ fd }: FileHandle, otherwise: string): Promise<string> {
  // Systems without /proc do not say it.
  return realpath(`/proc/self/fd/${fd}`).catch(() => otherwise);
}

function isWithin(folders: readonly string[], place: string): boolean {
  return folders.some((folder) => place.startsWith(`${path.resolve(folder)}${path.sep}`));
}

/** Those that are there, by their real paths. */
async function rootsOf(folders: readonly string[]): Promise<string[]> {
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)));
  return [...new Set(real.filter((folder) => folder !== null))];
}

function refusalOf(error: unknown, wanted: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new Fault('NoPermission', `The server may not read ${wanted}.`, { cause: error });
  }
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return new Fault('NotFound', `There is no file ${wanted} on the server.`, { cause: error });
  }
  if (error.code === 'ELOOP') {
    return new Fault('InvalidArgument', `${wanted} is a link.`, { cause: error });
  }
  return error;
}
