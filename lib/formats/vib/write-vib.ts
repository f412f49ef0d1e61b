// Writes a VIB of one "tgz" payload, signed or not. The same input gives the same bytes.
import { createHash } from 'node:crypto';
import type { VibDescriptor } from '../../model/vib.ts';
import { writeAr } from './archive/ar.ts';
import { gzip } from './archive/gunzip.ts';
import { type ArchiveFile, writeTar } from './archive/tar.ts';
import { writeDescriptor } from './descriptor-writer.ts';
import { type SigningKey, signDescriptor } from './sign-descriptor.ts';

export interface VibContents {
  /** The file list and the payloads are filled in from `files`. */
  descriptor: Omit<VibDescriptor, 'files' | 'payloads'>;
  files: readonly ArchiveFile[];
  /** At most 8 characters, as a boot module's name. */
  payloadName: string;
  /** Who signs; nobody for a community VIB. */
  keys: readonly SigningKey[];
}

export async function writeVib({
  descriptor,
  files,
  payloadName,
  keys,
}: VibContents): Promise<Uint8Array> {
  const tar = writeTar(files);
  const payload = await gzip(tar);
  const xml = writeDescriptor({
    ...descriptor,
    files: files.map(({ path }) => path).sort(),
    payloads: [
      {
        name: payloadName,
        type: 'tgz',
        sizeBytes: payload.length,
        checksums: [
          { type: 'sha-256', verifyProcess: '', value: hash('sha256', payload) },
          { type: 'sha-256', verifyProcess: 'gunzip', value: hash('sha256', tar) },
          { type: 'sha-1', verifyProcess: 'gunzip', value: hash('sha1', tar) },
        ],
      },
    ],
  });
  const descriptorBytes = new TextEncoder().encode(xml);
  const blocks = await Promise.all(keys.map((key) => signDescriptor(descriptorBytes, key)));
  return writeAr([
    { name: 'descriptor.xml', bytes: descriptorBytes },
    { name: 'sig.pkcs7', bytes: new TextEncoder().encode(blocks.join('')) },
    { name: payloadName, bytes: payload },
  ]);
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
