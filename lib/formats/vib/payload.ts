// Payloads of a VIB: their checksums, and the files in those of the types "tgz" and "vgz".
import { createHash } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import type { VibDescriptor } from '../../model/vib.ts';
import { gunzip } from './archive/gunzip.ts';
import { type ArchiveFile, readTar } from './archive/tar.ts';

type Payload = VibDescriptor['payloads'][number];

const HASHES = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
  ['sha-1', 'sha1'],
]);

/**
 * Checks the payload's size and every checksum, and returns its files; null when its type holds
 * none that we know how to unpack. Throws VibChecksumError or VibFormatError.
 */
export async function openPayload(
  payload: Payload,
  bytes: Uint8Array,
): Promise<ArchiveFile[] | null> {
  const what = `Payload ${payload.name}`;
  if (bytes.length !== payload.sizeBytes) {
    throw new Fault(
      'VibChecksumError',
      `${what} has ${bytes.length} bytes; the descriptor says ${payload.sizeBytes}.`,
    );
  }
  requireStrongChecksum(payload);
  checkAll(payload, '', bytes);
  const unpackable = payload.type === 'tgz' || payload.type === 'vgz';
  if (!unpackable && !payload.checksums.some(({ verifyProcess }) => verifyProcess !== '')) {
    return null;
  }
  const unpacked = await gunzip(bytes, what);
  checkAll(payload, 'gunzip', unpacked);
  return unpackable ? readTar(unpacked, what) : null;
}

/** Without a SHA-2 checksum the signature over the descriptor would not cover the payload. */
function requireStrongChecksum({ name, checksums }: Payload): void {
  if (checksums.some(({ type }) => type === 'sha-256' || type === 'sha-512')) return;
  throw new Fault('VibChecksumError', `Payload ${name} has no sha-256 checksum.`);
}

function checkAll({ name, checksums }: Payload, verifyProcess: string, bytes: Uint8Array): void {
  for (const checksum of checksums) {
    if (checksum.verifyProcess !== '' && checksum.verifyProcess !== 'gunzip') {
      throw new Fault(
        'VibChecksumError',
        `Payload ${name} has a checksum over an unknown process, ${checksum.verifyProcess}.`,
      );
    }
    if (checksum.verifyProcess !== verifyProcess) continue;
    const found = digestOf(checksum.type, bytes, name);
    if (found === checksum.value) continue;
    const over = verifyProcess === '' ? '' : ' of the unpacked payload';
    throw new Fault(
      'VibChecksumError',
      `Payload ${name} does not match its ${checksum.type} checksum${over}: ` +
        `${found} calculated, ${checksum.value.slice(0, 128)} expected.`,
    );
  }
}

function digestOf(type: string, bytes: Uint8Array, name: string): string {
  const hash = HASHES.get(type);
  if (hash) return createHash(hash).update(bytes).digest('hex');
  throw new Fault('VibChecksumError', `Payload ${name} has a checksum of unknown type ${type}.`);
}
