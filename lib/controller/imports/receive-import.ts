// Takes in the files of an import, one after the other, and says after each what they hold. A file
// that is refused leaves nothing behind.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Mutex } from '../../base/mutex.ts';
import { FormatError } from '../../formats/format-error.ts';
import { checkMemberName } from '../../formats/ova/tar-header.ts';
import { Fault } from '../../model/fault.ts';
import { IMPORT_BYTES_MAX, IMPORT_FILES_MAX, IMPORTS_STAGED_MAX } from '../../model/limits.ts';
import type { ImportView } from '../../wire/api/imports.ts';
import type { Database } from '../database/client.ts';
import { placeFile } from '../depot/depot.ts';
import { type ReceivedFile, withUpload } from '../depot/receive-upload.ts';
import type { Caller } from '../permissions/caller.ts';
import {
  type ImportStore,
  importFile,
  listImports,
  newImport,
  readImport,
  removeImport,
  type StagedImport,
  viewOfImport,
  writeImport,
} from './import-store.ts';
import { type PackageFile, readArchive } from './package-files.ts';
import { readPackage } from './read-package.ts';

/** Records are read, changed and written, so one at a time. */
const changes = new Mutex();

export interface ImportUpload extends ImportStore {
  db: Database;
  caller: Caller;
  fileName: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** Needs VApp.Import somewhere. The first file of a new import. */
export async function startImport(upload: ImportUpload): Promise<ImportView> {
  await requireImport(upload.db, upload.caller);
  const { length } = await listImports(upload.depot);
  if (length >= IMPORTS_STAGED_MAX) {
    const message = `${length} uploads wait to be imported; no more are kept.`;
    throw new Fault('ResourceInUse', message);
  }
  const staged = newImport(upload, upload.caller.name);
  try {
    return await receive(upload, () => Promise.resolve(staged));
  } catch (error) {
    await removeImport(upload.depot, staged.id);
    throw error;
  }
}

/** Another file of an import of the caller's. `NotFound`, `TaskInProgress`. */
export async function addImportFile(upload: ImportUpload, id: string): Promise<ImportView> {
  const { depot, caller } = upload;
  await readImport(depot, id, caller.name);
  return receive(upload, async () => {
    const staged = await readImport(depot, id, caller.name);
    if (staged.taskId === null) return staged;
    throw new Fault('TaskInProgress', 'A task imports these files already.');
  });
}

async function receive(
  { depot, random, bytes, fileName }: ImportUpload,
  find: () => Promise<StagedImport>,
): Promise<ImportView> {
  const refusing = <T>(work: () => T) => refuseDamaged(fileName, work);
  await refusing(async () => checkMemberName(fileName));
  return withUpload({ depot, random, bytes, limitBytes: IMPORT_BYTES_MAX }, (received) =>
    changes.run(() => refusing(async () => keep({ depot, fileName, received }, await find()))),
  );
}

interface NewFile extends Pick<ImportUpload, 'depot' | 'fileName'> {
  received: ReceivedFile;
}

async function keep(
  { depot, fileName, received }: NewFile,
  staged: StagedImport,
): Promise<ImportView> {
  const { id, files } = staged;
  if (files.some(({ name }) => name === fileName)) {
    throw new Fault('AlreadyExists', `${fileName} was uploaded already.`);
  }
  if (files.length >= IMPORT_FILES_MAX) {
    throw new Fault('InvalidArgument', `An import has at most ${IMPORT_FILES_MAX} files.`);
  }
  const { sizeBytes, sha256 } = received;
  const place = importFile(depot, id, files.length);
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  await placeFile(received.path, place);
  try {
    const all = [...files, { name: fileName, sizeBytes, sha256 }];
    const found = await readPackage(await openPackage(depot, id, all));
    const next: StagedImport = { ...staged, files: all, ...found };
    await writeImport(depot, next);
    return viewOfImport(next);
  } catch (error) {
    await rm(place, { force: true });
    throw error;
  }
}

/** An OVA stands for its members, and is alone then. */
async function openPackage(
  depot: ImportStore['depot'],
  id: string,
  files: StagedImport['files'],
): Promise<PackageFile[]> {
  const all = files.map(({ name, sizeBytes }, file) => ({
    ...{ name, sizeBytes, file, offset: 0, path: importFile(depot, id, file) },
  }));
  const [first] = all;
  const members = first ? await readArchive(first) : null;
  if (members === null) return all;
  if (all.length > 1) throw new FormatError('An OVA holds all files of its virtual machine.');
  return members;
}

async function refuseDamaged<T>(fileName: string, work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const where = error.position === null ? '' : ` (line ${error.position})`;
    const message = `${fileName} cannot be imported. ${error.message}${where}`;
    throw new Fault('InvalidDiskFormat', message, { cause: error });
  }
}

/** `NoPermission`, see mayImport. */
export async function requireImport(db: Database, caller: Caller): Promise<void> {
  if (await mayImport(db, caller)) return;
  throw new Fault('NoPermission', `${caller.name} lacks the privilege VApp.Import.`);
}

/** Where it will go is not known yet, so the right to import anywhere will do. */
export async function mayImport(db: Database, { userId }: Caller): Promise<boolean> {
  if (userId === null) return true;
  const grant = await db.permission.findFirst({
    where: { userId, user: { disabled: false }, role: { privileges: { has: 'VApp.Import' } } },
    select: { objectId: true },
  });
  return grant !== null;
}
