// Uploads a vSCSI trace into the depot: read from end to end first, so that the player never meets
// a bad record.
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Random } from '../../base/random.ts';
import { FormatError } from '../../formats/format-error.ts';
import { detectVersion, readVscsi } from '../../formats/vscsi/vscsi.ts';
import { Fault } from '../../model/fault.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { MIB } from '../../model/limits.ts';
import type { TraceFileView } from '../../wire/api/operations.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { type Depot, depotPath, placeFile, storedName } from './depot.ts';
import { readTraceFiles } from './read-trace-files.ts';
import { type ReceivedFile, withUpload } from './receive-upload.ts';

const TRACE_BYTES_MAX = 1024 * MIB;
const SECTOR_BYTES = 512;

export interface UploadTraceOptions {
  db: Database;
  depot: Depot;
  random: Random;
  caller: Caller;
  /** Shown in the depot; must be new. */
  name: string;
}

/**
 * Needs Datastore.FileManagement on the root folder. `InvalidArgument` names the first bad record.
 */
export async function uploadTrace(
  options: UploadTraceOptions,
  bytes: AsyncIterable<Uint8Array>,
): Promise<TraceFileView> {
  const { db, depot, random, caller } = options;
  const wanted = [{ privilege: 'Datastore.FileManagement', objectId: ROOT_FOLDER_ID }] as const;
  await requirePrivileges(db, caller, wanted);
  return withUpload({ depot, random, bytes, limitBytes: TRACE_BYTES_MAX }, (file) =>
    keepTrace(options, file),
  );
}

async function keepTrace(options: UploadTraceOptions, file: ReceivedFile): Promise<TraceFileView> {
  const { db, depot, caller, name } = options;
  const facts = await inspectTrace(file.path);
  const { sha256, sizeBytes } = file;
  const fileName = storedName({ name, sha256, extension: '.vscsi' });
  const place = depotPath(depot, 'traces', fileName);
  const id = await transact(db, async (tx) => {
    if (await tx.traceFile.findFirst({ where: { OR: [{ name }, { fileName }] } })) {
      throw new Fault('AlreadyExists', `The depot holds a trace named ${name} already.`);
    }
    const traceId = await allocateId(tx, 'trace');
    const addedBy = caller.name;
    await tx.traceFile.create({
      data: { id: traceId, name, fileName, sizeBytes: BigInt(sizeBytes), ...facts, addedBy },
    });
    await recordChange(tx, { object: traceId, path: 'created' });
    await placeFile(file.path, place);
    return traceId;
  });
  const [view] = await readTraceFiles(db, { id });
  if (view) return view;
  await rm(place, { force: true });
  throw new Fault('NotFound', `The trace ${name} was deleted at once.`);
}

async function inspectTrace(file: string) {
  const facts = { records: 0, reads: 0, writes: 0, spanBytes: 0n };
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  let head: Uint8Array | null = null;
  try {
    const stream = createReadStream(file);
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of stream) {
        head ??= chunk;
        yield chunk;
      }
    };
    for await (const io of readVscsi(chunks())) {
      facts.records += 1;
      if (io.operation === 'read') facts.reads += 1;
      if (io.operation === 'write') facts.writes += 1;
      first = Math.min(first, io.microseconds);
      last = Math.max(last, io.microseconds);
      const end = BigInt(io.lbn) * BigInt(SECTOR_BYTES) + BigInt(io.lengthBytes);
      if (io.operation !== 'other' && end > facts.spanBytes) facts.spanBytes = end;
    }
    if (facts.records === 0) throw new FormatError('The trace holds no record.', 0);
    const durationMs = (last - first) / 1000;
    return { ...facts, durationMs, formatVersion: detectVersion(head ?? new Uint8Array()) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const where = error.position === null ? '' : ` (at byte ${error.position})`;
    throw new Fault('InvalidArgument', `${error.message}${where}`, { cause: error });
  }
}
