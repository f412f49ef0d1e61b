// zip archives as offline bundles use them, read from and written to memory with limits.
// The reader refuses paths that lead out, bombs, encrypted entries and sizes that are not true.
import { fromBufferPromise, type ZipFile } from 'yauzl';
import { ZipFile as ZipWriter } from 'yazl';
import { Fault } from '../../../model/fault.ts';
import {
  MIB,
  VIB_BYTES_MAX,
  VIB_COMPRESSION_RATIO_MAX,
  VIB_FILES_MAX,
  VIB_UNPACKED_BYTES_MAX,
} from '../../../model/limits.ts';
import { checkPath } from './archive-path.ts';

/** Offline bundles are uncompressed VIBs for the most part, so that one limit fits both. */
const ZIP_BYTES_MAX = VIB_UNPACKED_BYTES_MAX;

/** Unpacks everything, by path. Throws VibFormatError. */
export async function readZip(bytes: Uint8Array, what: string): Promise<Map<string, Uint8Array>> {
  if (bytes.length > ZIP_BYTES_MAX) throw malformed(what, 'it is too large');
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return await readEntries(await fromBufferPromise(buffer), what);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw malformed(what, reason, cause);
  }
}

/** Packs reproducibly: every entry has the same time. */
export async function writeZip(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const writer = new ZipWriter();
  const options = { mtime: new Date(Date.UTC(2000, 0, 1)), mode: 0o100644 };
  for (const [path, bytes] of files) {
    writer.addBuffer(Buffer.from(bytes), checkPath(path, 'the bundle'), options);
  }
  writer.end();
  const chunks: Buffer[] = [];
  for await (const chunk of writer.outputStream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readEntries(zip: ZipFile, what: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    const path = checkPath(entry.fileName, what);
    if (files.has(path)) throw malformed(what, `it holds ${path} twice`);
    total += entry.uncompressedSize;
    const ceiling = MIB + entry.compressedSize * VIB_COMPRESSION_RATIO_MAX;
    const bomb = entry.uncompressedSize > ceiling || entry.uncompressedSize > VIB_BYTES_MAX;
    if (bomb || total > VIB_UNPACKED_BYTES_MAX || files.size >= VIB_FILES_MAX) {
      throw malformed(what, `with ${path} it would unpack to too much, which is refused`);
    }
    if (entry.isEncrypted()) throw malformed(what, `${path} is encrypted`);
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
    files.set(path, Buffer.concat(chunks));
  }
  return files;
}

function malformed(what: string, reason: string, cause?: unknown): Fault {
  return new Fault('VibFormatError', `${what} is not a zip that can be used: ${reason}.`, {
    cause,
  });
}
