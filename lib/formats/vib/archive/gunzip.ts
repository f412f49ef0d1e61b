// gzip with a ceiling: a payload that would unpack to too much is refused before its bytes are
// made.
import { promisify } from 'node:util';
import { gunzip as zlibGunzip, gzip as zlibGzip } from 'node:zlib';
import { Fault } from '../../../model/fault.ts';
import { MIB, VIB_COMPRESSION_RATIO_MAX, VIB_UNPACKED_BYTES_MAX } from '../../../model/limits.ts';

const unzip = promisify(zlibGunzip);
const zip = promisify(zlibGzip);

/** Unpacks on zlib's own threads. Throws VibFormatError on damage and on a compression bomb. */
export async function gunzip(bytes: Uint8Array, what: string): Promise<Uint8Array> {
  const ceiling = Math.min(VIB_UNPACKED_BYTES_MAX, MIB + bytes.length * VIB_COMPRESSION_RATIO_MAX);
  try {
    return await unzip(bytes, { maxOutputLength: ceiling });
  } catch (cause) {
    const bomb = cause instanceof RangeError;
    const reason = bomb
      ? `it unpacks to more than ${ceiling} bytes, which is refused`
      : 'its gzip stream is damaged';
    throw new Fault('VibFormatError', `${what} cannot be unpacked: ${reason}.`, { cause });
  }
}

/** Packs reproducibly: Node writes neither a time nor a name into the header. */
export function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return zip(bytes, { level: 9 });
}
