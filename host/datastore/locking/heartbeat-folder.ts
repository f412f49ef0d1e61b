// Where the heartbeats of a datastore are: in `.heartbeats` beside the marker that makes a
// directory a datastore. Only VMFS keeps them; a lock elsewhere is its own heartbeat.
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DATASTORE_MARKER } from '../datastore.ts';
import { errnoOf } from '../errno.ts';
import { type ProcessTable, processIdentitySchema } from '../process-identity.ts';
import type { SmallFiles } from '../small-files.ts';

const FOLDER = '.heartbeats';
const MARKER_BYTES_MAX = 16 * 1024;
/** A heartbeat is far smaller, in bytes. */
const HEARTBEAT_BYTES_MAX = 16 * 1024;

const markerSchema = z.object({ type: z.string() });
const heartbeatSchema = z.object({ process: processIdentitySchema });

export interface HeartbeatFolder {
  path: string;
  /** Whether the datastore is one whose holders keep heartbeats. */
  isUsed: boolean;
}

/**
 * That of the datastore on which a path lies; null when it lies on none. Throws what files throw.
 */
export async function heartbeatFolder(
  path: string,
  files: SmallFiles,
): Promise<HeartbeatFolder | null> {
  for (let directory = dirname(path); directory !== dirname(directory); ) {
    const text = await readText(join(directory, DATASTORE_MARKER), MARKER_BYTES_MAX, files);
    if (text !== '') return { path: join(directory, FOLDER), isUsed: typeOf(text) === 'VMFS' };
    directory = dirname(directory);
  }
  return null;
}

/** What a heartbeat's file holds now; empty when there is none. Throws what files throw. */
export function readHeartbeat(folder: string, id: string, files: SmallFiles): Promise<string> {
  return readText(join(folder, id), HEARTBEAT_BYTES_MAX, files);
}

/**
 * Removes the heartbeats that provably dead processes have left on a datastore. That frees no lock:
 * one whose heartbeat is missing is waited out as if it stood still.
 */
export async function sweepHeartbeats(
  root: string,
  files: SmallFiles,
  processes: ProcessTable,
): Promise<void> {
  const folder = join(root, FOLDER);
  const names = await files.list(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const id of names) await sweepHeartbeat({ folder, id, files, processes });
}

export async function sweepHeartbeat(parts: {
  folder: string;
  id: string;
  files: SmallFiles;
  processes: ProcessTable;
}): Promise<void> {
  const { folder, id, files, processes } = parts;
  const who = processOf(await readHeartbeat(folder, id, files));
  if (who === null || !(await processes.isProvablyDead(who))) return;
  await files.remove(join(folder, id)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

function processOf(text: string): z.infer<typeof processIdentitySchema> | null {
  try {
    return heartbeatSchema.parse(JSON.parse(text)).process;
  } catch {
    // Torn or foreign: nobody is proved dead by it.
    return null;
  }
}

function typeOf(marker: string): string {
  try {
    return markerSchema.parse(JSON.parse(marker)).type;
  } catch {
    // A marker of something else: then locks have leases of their own.
    return '';
  }
}

async function readText(path: string, bytesMax: number, files: SmallFiles): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(path, bytesMax));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return '';
    throw error;
  }
}
