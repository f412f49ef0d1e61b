// What is staged of an import: a folder of the depot with the uploaded files, numbered, and a
// record of what they are and hold. It belongs to whoever uploaded it.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Random, randomHex } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { foundDiskSchema, type ImportView, importViewSchema } from '../../wire/api/imports.ts';
import type { Depot } from '../depot/depot.ts';

const RECORD = 'import.json';
const ID = /^import-[0-9a-f]{32}$/;

const partSchema = z.object({
  /** Number of the file. */
  file: z.number().int(),
  /** Where in it, in bytes. */
  offset: z.number().int(),
  sizeBytes: z.number().int(),
  /** Hex. */
  sha256: z.string(),
});
export type ImportPart = z.infer<typeof partSchema>;

const recordSchema = importViewSchema.extend({
  /** By name. */
  owner: z.string(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** The task that makes the VM of it, once it was started. */
  taskId: z.string().nullable(),
  files: z.array(z.object({ name: z.string(), sizeBytes: z.number(), sha256: z.string() })),
  /** Each with the bytes that it is made of; null for one that begins empty. */
  disks: z.array(foundDiskSchema.extend({ part: partSchema.nullable() })),
});
export type StagedImport = z.infer<typeof recordSchema>;

export interface ImportStore {
  depot: Depot;
  random: Random;
}

export function newImport({ depot, random }: ImportStore, owner: string): StagedImport {
  return {
    ...{ id: `import-${randomHex(random, 16)}`, owner, createdAt: depot.clock.now() },
    ...{ taskId: null, files: [], name: '', guestFullName: '', cpuCount: 1, memoryMib: 1024 },
    ...{ disks: [], missing: [], warnings: [] },
  };
}

/** Where an uploaded file lies. */
export function importFile(depot: Depot, id: string, file: number): string {
  return path.join(folderOf(depot, id), `${file}.bin`);
}

/** `NotFound` for one that is not there, or is another's. */
export async function readImport(depot: Depot, id: string, owner?: string): Promise<StagedImport> {
  const staged = ID.test(id) ? await readRecord(depot, id) : null;
  if (staged && (owner === undefined || staged.owner === owner)) return staged;
  const message = 'There is no such upload: it was imported or discarded, or is older than a day.';
  throw new Fault('NotFound', message);
}

export async function listImports(depot: Depot): Promise<StagedImport[]> {
  const names = await readdir(path.join(depot.folder, 'imports')).catch(() => []);
  const staged = await Promise.all(
    names.filter((name) => ID.test(name)).map((id) => readRecord(depot, id)),
  );
  return staged.filter((one) => one !== null).sort((a, b) => a.createdAt - b.createdAt);
}

/** Makes the folder when it is not there; the record is replaced by a rename. */
export async function writeImport(depot: Depot, staged: StagedImport): Promise<void> {
  const folder = folderOf(depot, staged.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const next = path.join(folder, `${RECORD}.new`);
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(staged));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path.join(folder, RECORD));
}

export async function removeImport(depot: Depot, id: string): Promise<void> {
  if (ID.test(id)) await rm(folderOf(depot, id), { recursive: true, force: true });
}

export function viewOfImport(staged: StagedImport): ImportView {
  const { id, name, guestFullName, cpuCount, memoryMib, missing, warnings } = staged;
  return {
    ...{ id, name, guestFullName, cpuCount, memoryMib, missing, warnings },
    files: staged.files.map((file) => ({ name: file.name, sizeBytes: file.sizeBytes })),
    disks: staged.disks.map(({ part: _, ...disk }) => disk),
  };
}

function folderOf(depot: Depot, id: string): string {
  return path.join(depot.folder, 'imports', id);
}

/** Null for a folder whose record was never written. */
async function readRecord(depot: Depot, id: string): Promise<StagedImport | null> {
  try {
    const text = await readFile(path.join(folderOf(depot, id), RECORD), 'utf8');
    return recordSchema.parse(JSON.parse(text));
  } catch {
    // It was discarded meanwhile, or is of another version.
    return null;
  }
}
