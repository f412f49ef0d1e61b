// Adds VIBs to the depot: a .vib file, or an offline bundle, of which each VIB becomes an entry of
// its own. All of a file is looked at before anything of it is kept, and it is kept whole or not at
// all.
import { createHash } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Random, randomHex } from '../../base/random.ts';
import { readOfflineBundle } from '../../formats/vib/offline-bundle.ts';
import { inspectVib } from '../../formats/vib/open-vib.ts';
import { type TrustedRoot, trustedRootsSchema } from '../../formats/vib/trusted-roots.ts';
import { Fault } from '../../model/fault.ts';
import { filterId } from '../../model/filter.ts';
import type { VibInspection } from '../../model/vib.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { type Depot, depotPath, placeFile, storedName } from './depot.ts';
import { discardFiles, lockVibFiles } from './discard-files.ts';
import { refusalOf } from './receive-upload.ts';

export interface AddVibsOptions {
  db: Database;
  depot: Depot;
  random: Random;
  /** Stands in the depot and in events. */
  addedBy: string;
}

/** A VIB whose file is in its place; that it is there shows when it has been inserted. */
export interface PreparedVib {
  inspection: VibInspection;
  fileName: string;
}

interface NewVib extends PreparedVib {
  bytes: Uint8Array;
}

/**
 * Returns the depot ids of the file's VIBs, in its order. A VIB that the depot holds already, byte
 * for byte, keeps its entry. Faults: VibFormatError, VibSignatureError, VibChecksumError,
 * ExtensibilityError; AlreadyExists for other bytes under the id of a VIB that is there.
 */
export async function addVibs(options: AddVibsOptions, bytes: Uint8Array): Promise<string[]> {
  const { vibs, written } = await prepareVibs(options, bytes);
  try {
    return await transact(options.db, (tx) => insertVibs(tx, options, vibs));
  } catch (error) {
    await discardFiles(options, written);
    throw error;
  }
}

/**
 * Looks at the VIBs of a file and puts each into its place, without an entry. The caller inserts
 * them, or discards the files that were written, which are named. Faults as above, but
 * AlreadyExists.
 */
export async function prepareVibs(
  options: Pick<AddVibsOptions, 'db' | 'depot' | 'random'>,
  bytes: Uint8Array,
): Promise<{ vibs: PreparedVib[]; written: string[] }> {
  const roots = await readRoots(options.depot);
  const vibs: NewVib[] = [];
  for (const content of await splitFile(bytes)) {
    const nowMs = options.depot.clock.now();
    const inspection = await inspectVib({ bytes: content, roots, nowMs });
    const extension = '.vib';
    const { id: name, sha256 } = inspection;
    vibs.push({ bytes: content, inspection, fileName: storedName({ name, sha256, extension }) });
  }
  const written = await writeFiles(options, vibs);
  return {
    vibs: vibs.map(({ inspection, fileName }) => ({ inspection, fileName })),
    written,
  };
}

/** The same for a file on disk: what the lab is seeded with. */
export async function addVibFile(options: AddVibsOptions, file: string): Promise<string[]> {
  return addVibs(options, await readFile(file));
}

async function splitFile(bytes: Uint8Array): Promise<Uint8Array[]> {
  const magic = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  if (magic === '!<arch>\n') return [bytes];
  if (!magic.startsWith('PK\u0003\u0004')) {
    throw new Fault('VibFormatError', 'The file is neither a VIB nor an offline bundle.');
  }
  const { vibs } = await readOfflineBundle(bytes);
  if (vibs.length === 0) throw new Fault('VibFormatError', 'The offline bundle holds no VIB.');
  return vibs.map((vib) => vib.bytes);
}

async function readRoots({ rootsFile }: Depot): Promise<TrustedRoot[]> {
  return trustedRootsSchema.parse(JSON.parse(await readFile(rootsFile, 'utf8')));
}

/** Returns the names of the files that were not there before. */
async function writeFiles(
  { db, depot, random }: Pick<AddVibsOptions, 'db' | 'depot' | 'random'>,
  vibs: readonly NewVib[],
): Promise<string[]> {
  const written: string[] = [];
  for (const { bytes, inspection, fileName } of vibs) {
    const place = depotPath(depot, 'vibs', fileName);
    if (await holds(place, inspection.sha256)) continue;
    const incoming = path.join(depot.folder, 'incoming', randomHex(random, 16));
    try {
      await writeSynced(incoming, bytes);
      await placeFile(incoming, place);
    } catch (error) {
      await discardFiles({ db, depot }, written);
      throw refusalOf(error);
    } finally {
      await rm(incoming, { force: true });
    }
    written.push(fileName);
  }
  return written;
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function holds(file: string, sha256: string): Promise<boolean> {
  try {
    return (
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex') === sha256
    );
  } catch {
    // Not there, or not readable: it is written anew.
    return false;
  }
}

/**
 * Their depot ids, in order; `AlreadyExists` for other bytes under an id that is there,
 * `FileNotFound` when another has discarded one of the files since they were prepared.
 */
export async function insertVibs(
  tx: DatabaseTransaction,
  { depot, addedBy }: Pick<AddVibsOptions, 'depot' | 'addedBy'>,
  vibs: readonly PreparedVib[],
): Promise<string[]> {
  if (vibs.length > 0) await lockVibFiles(tx);
  for (const vib of vibs) await requireFile(depot, vib);
  const ids: string[] = [];
  const added: string[] = [];
  for (const vib of vibs) {
    const { id: vibId, sha256 } = vib.inspection;
    const known = await tx.vib.findUnique({ where: { vibId } });
    if (known && known.sha256 !== sha256) {
      throw new Fault('AlreadyExists', `The depot holds another VIB with the id ${vibId}.`);
    }
    if (known) ids.push(known.id);
    else {
      const id = await allocateId(tx, 'vib');
      await tx.vib.create({ data: { id, ...toRow(vib), addedBy } });
      ids.push(id);
      added.push(id);
    }
  }
  if (added.length === 0) return ids;
  await recordChanges(
    tx,
    added.map((object) => ({ object, path: 'created' })),
  );
  const names = vibs.map(({ inspection }) => inspection.id).join(', ');
  await postEvent(tx, {
    type: 'DepotVibAddedEvent',
    severity: 'info',
    message: `${addedBy} added ${names} to the depot.`,
    objects: added,
    initiator: addedBy,
  });
  return ids;
}

async function requireFile(depot: Depot, { inspection, fileName }: PreparedVib): Promise<void> {
  try {
    await stat(depotPath(depot, 'vibs', fileName));
  } catch (cause) {
    const message = `The file of ${inspection.id} was removed from the depot meanwhile. Try again.`;
    throw new Fault('FileNotFound', message, { cause });
  }
}

function toRow({ inspection, fileName }: PreparedVib) {
  const { descriptor, filter, id: vibId, sha256, sizeBytes } = inspection;
  const { name, vendor, version, summary, acceptanceLevel } = descriptor;
  return {
    ...{ vibId, name, vendor, version, summary, acceptanceLevel, fileName, sizeBytes, sha256 },
    inspection: JSON.parse(JSON.stringify(inspection)),
    filterId: filter && filterId({ vendor, name: filter.name, version }),
    filterName: filter?.name ?? null,
    filterClass: filter?.class ?? null,
  };
}
