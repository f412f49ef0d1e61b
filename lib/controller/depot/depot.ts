// The depot on disk: files by their content, below `vibs` and `traces`; what arrives lies in
// `incoming` until it has been looked at, and what waits to be imported in `imports`.
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { DepotFileKind } from '../agents/depot-links.ts';

/** Leavings of uploads that a kill cut short are swept away after this, in milliseconds. */
const LEAVING_MS = 24 * 60 * 60 * 1000;

export interface Depot {
  /** Folder with `vibs`, `traces`, `imports` and `incoming`. */
  folder: string;
  /** roots.json: whom to trust for VIBs. */
  rootsFile: string;
  clock: Clock;
}

/** The depot below the product's data folder. */
export function depotOf(dataFolder: string, clock: Clock): Depot {
  return {
    folder: path.join(dataFolder, 'depot'),
    rootsFile: path.join(dataFolder, 'pki', 'roots.json'),
    clock,
  };
}

/** Makes the depot's folders and removes what uploads left behind long ago. */
export async function openDepot(depot: Depot): Promise<void> {
  for (const name of ['vibs', 'traces', 'imports', 'incoming']) {
    await mkdir(path.join(depot.folder, name), { recursive: true, mode: 0o700 });
  }
  const incoming = path.join(depot.folder, 'incoming');
  for (const name of await readdir(incoming)) {
    await sweep(path.join(incoming, name), depot.clock.now() - LEAVING_MS);
  }
}

async function sweep(file: string, beforeMs: number): Promise<void> {
  try {
    const { mtimeMs } = await stat(file);
    if (mtimeMs < beforeMs) await rm(file, { force: true });
  } catch (error) {
    // Whoever was at it has put it into its place, or removed it, since the folder was read.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/** Where a file of the depot lies. */
export function depotPath(
  depot: Depot,
  kind: Exclude<DepotFileKind, 'imports'>,
  fileName: string,
): string {
  return path.join(depot.folder, kind, fileName);
}

/**
 * Puts a file that was written and synced into its place, so that it is there whole or not at all.
 */
export async function placeFile(incoming: string, place: string): Promise<void> {
  await rename(incoming, place);
  await syncFolder(path.dirname(place));
}

/** A rename is durable when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A name for a file in the depot: readable, safe in every file system, and one for each content.
 */
export function storedName({
  name,
  sha256,
  extension,
}: {
  name: string;
  /** Hex. */
  sha256: string;
  /** With its dot. */
  extension: string;
}): string {
  const readable = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
  return `${readable.slice(0, 80) || 'file'}-${sha256.slice(0, 16)}${extension}`;
}
