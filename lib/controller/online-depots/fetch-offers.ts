// Downloads the VIBs of an online depot that the depot does not have yet, and looks at each. Their
// files are in place then, without entries. One that is refused refuses all, with every reason.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { OfferedVib } from '../../formats/vib/online-depot.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import { ONLINE_DEPOT_BYTES_MAX, VIB_BYTES_MAX } from '../../model/limits.ts';
import type { Database } from '../database/client.ts';
import { type PreparedVib, prepareVibs } from '../depot/add-vibs.ts';
import type { Depot } from '../depot/depot.ts';
import { discardFiles } from '../depot/discard-files.ts';
import { type ReceivedFile, withUpload } from '../depot/receive-upload.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { openDownload } from './download.ts';
import { type Offers, readOffers } from './read-offers.ts';

export interface Fetched {
  /** Ids of all VIBs that are offered: vendor_type_name_version. */
  offered: string[];
  /** Those of them that were not there. */
  prepared: PreparedVib[];
  /** Names of the files that were not there; they go when nothing comes of it. */
  written: string[];
}

export interface FetchOptions {
  db: Database;
  depot: Depot;
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  progress: TaskContext['progress'];
}

/** Faults: VibDownloadError, RequestTooLarge, NoDiskSpace, AlreadyExists, and those of a VIB. */
export async function fetchOffers(options: FetchOptions, url: string): Promise<Fetched> {
  await options.progress(1, `Reading ${url}`);
  const fetched: Fetched = { offered: [], prepared: [], written: [] };
  try {
    const offers = await readOffers(options, url);
    if (offers.kind === 'file') await takeFile(options, offers, fetched);
    else await takeIndex(options, { url, vibs: offers.vibs }, fetched);
    return fetched;
  } catch (error) {
    await discardFiles(options, fetched.written);
    throw error;
  }
}

async function takeFile(
  options: FetchOptions,
  offers: Extract<Offers, { kind: 'file' }>,
  fetched: Fetched,
): Promise<void> {
  const bytes = withProgress(options, offers.chunks, { name: offers.url, from: 0, totalBytes: 0 });
  await receive(options, bytes, async (file) => {
    const { vibs, written } = await prepareVibs(options, await readFile(file.path));
    fetched.written.push(...written);
    fetched.prepared.push(...vibs);
    fetched.offered.push(...vibs.map(({ inspection }) => inspection.id));
  });
}

async function takeIndex(
  options: FetchOptions,
  { url, vibs }: { url: string; vibs: readonly OfferedVib[] },
  fetched: Fetched,
): Promise<void> {
  fetched.offered.push(...vibs.map(({ id }) => id));
  const known = await options.db.vib.findMany({
    where: { vibId: { in: fetched.offered } },
    select: { vibId: true, sha256: true },
  });
  const sums = new Map(known.map(({ vibId, sha256 }) => [vibId, sha256]));
  const wanted = vibs.filter(({ id, sha256 }) => sums.get(id) !== sha256);
  const totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (totalBytes > ONLINE_DEPOT_BYTES_MAX) {
    const most = `of at most ${ONLINE_DEPOT_BYTES_MAX}`;
    const message = `${url} offers ${totalBytes} bytes of new VIBs, ${most}.`;
    throw new Fault('RequestTooLarge', message);
  }
  const refused: Reason[] = [];
  let from = 0;
  for (const vib of wanted) {
    options.signal.throwIfAborted();
    try {
      if (sums.has(vib.id)) throw otherBytes(vib);
      await takeVib(options, { vib, from, totalBytes }, fetched);
    } catch (error) {
      refused.push(refusalOf(error, vib));
    }
    from += vib.sizeBytes;
  }
  const [first] = refused;
  if (!first) return;
  const count = `${refused.length} of ${vibs.length}`;
  const message = `${count} VIBs of ${url} are refused. ${first.message}`;
  throw new Fault(first.fault, message, { reasons: refused });
}

async function takeVib(
  options: FetchOptions,
  { vib, from, totalBytes }: { vib: OfferedVib; from: number; totalBytes: number },
  fetched: Fetched,
): Promise<void> {
  const { chunks } = await openDownload(options, vib.url, vib.sizeBytes);
  const bytes = withProgress(options, chunks, { name: vib.id, from, totalBytes });
  await receive(options, bytes, async (file) => {
    requireSame(vib, file);
    const { vibs, written } = await prepareVibs(options, await readFile(file.path));
    fetched.written.push(...written);
    const [found] = vibs;
    if (vibs.length !== 1 || found?.inspection.id !== vib.id) {
      const what = vibs.map(({ inspection }) => inspection.id).join(', ');
      throw new Fault('VibFormatError', `${vib.url} holds ${what}, not ${vib.id}.`);
    }
    fetched.prepared.push(found);
  });
}

function requireSame(vib: OfferedVib, file: ReceivedFile): void {
  if (file.sizeBytes !== vib.sizeBytes) {
    const message = `${vib.url} has ${file.sizeBytes} bytes, not ${vib.sizeBytes}.`;
    throw new Fault('VibChecksumError', message);
  }
  if (file.sha256 === vib.sha256) return;
  throw new Fault(
    'VibChecksumError',
    `${vib.url} does not match its checksum: ${file.sha256} calculated, ${vib.sha256} expected.`,
  );
}

function receive<T>(
  { depot, random }: FetchOptions,
  bytes: AsyncIterable<Uint8Array>,
  work: (file: ReceivedFile) => Promise<T>,
): Promise<T> {
  return withUpload({ depot, random, bytes, limitBytes: VIB_BYTES_MAX }, work);
}

async function* withProgress(
  { progress }: FetchOptions,
  chunks: AsyncIterable<Uint8Array>,
  { name, from, totalBytes }: { name: string; from: number; totalBytes: number },
): AsyncGenerator<Uint8Array> {
  let doneBytes = from;
  let shown = -1;
  for await (const chunk of chunks) {
    yield chunk;
    doneBytes += chunk.length;
    const percent = totalBytes === 0 ? 2 : 2 + Math.floor((94 * doneBytes) / totalBytes);
    if (percent === shown) continue;
    shown = percent;
    const transfer = totalBytes === 0 ? null : { doneBytes, totalBytes };
    await progress(percent, `Downloading ${name}`, transfer);
  }
}

function otherBytes({ id, url }: OfferedVib): Fault {
  const message = `The depot holds another VIB with the id ${id} than the one at ${url}.`;
  return new Fault('AlreadyExists', message);
}

/** What is wrong with this VIB alone; all else ends the synchronisation at once. */
function refusalOf(error: unknown, { id }: OfferedVib): Reason {
  const isItsOwn = error instanceof Fault && OF_ONE_VIB.includes(error.fault);
  if (!isItsOwn) throw error;
  const message = error.message.includes(id) ? error.message : `${id}: ${error.message}`;
  return { fault: error.fault, message };
}

const OF_ONE_VIB: readonly string[] = [
  ...['VibFormatError', 'VibSignatureError', 'VibChecksumError', 'ExtensibilityError'],
  ...['AlreadyExists', 'RequestTooLarge'],
];
