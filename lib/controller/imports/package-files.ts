// The files of a package, whether they came one by one or together in an OVA: their names, where
// their bytes lie, and their checksums.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { FormatError } from '../../formats/format-error.ts';
import { MANIFEST_BYTES_MAX, parseManifest } from '../../formats/ova/manifest.ts';
import { isTar, parseTarHeader, TAR_BLOCK_BYTES } from '../../formats/ova/tar-header.ts';

/** Files of a package. */
const MEMBERS_MAX = 128;
const CHUNK_BYTES = 1024 * 1024;

export interface PackageFile {
  name: string;
  /** Where its bytes are: path of a file, its number, and where in it. */
  path: string;
  file: number;
  offset: number;
  sizeBytes: number;
}

/** The members of an OVA, or null for a file that is none. Throws a FormatError. */
export async function readArchive(whole: PackageFile): Promise<PackageFile[] | null> {
  const { path, file, sizeBytes } = whole;
  const handle = await open(path, 'r');
  try {
    if (!isTar(await readAt(handle, 0, TAR_BLOCK_BYTES))) return null;
    const members: PackageFile[] = [];
    for (let at = 0; at < sizeBytes; ) {
      const member = parseTarHeader(await readAt(handle, at, TAR_BLOCK_BYTES));
      if (member === null) return members;
      const offset = at + TAR_BLOCK_BYTES;
      if (offset + member.sizeBytes > sizeBytes) {
        throw new FormatError(`The archive is cut off within ${member.name}.`);
      }
      if (members.some(({ name }) => name === member.name)) {
        throw new FormatError(`The archive holds ${member.name} twice.`);
      }
      members.push({ ...member, path, file, offset });
      if (members.length > MEMBERS_MAX) throw new FormatError('The archive holds too many files.');
      at = offset + Math.ceil(member.sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    }
    return members;
  } finally {
    await handle.close();
  }
}

/** The first bytes of a file, or all of it. */
export async function readHead(member: PackageFile, bytesMax: number): Promise<Uint8Array> {
  const handle = await open(member.path, 'r');
  try {
    return await readAt(handle, member.offset, Math.min(bytesMax, member.sizeBytes));
  } finally {
    await handle.close();
  }
}

/** All of a small file. Throws a FormatError for one that is larger. */
export async function readSmall(member: PackageFile, bytesMax: number): Promise<Uint8Array> {
  if (member.sizeBytes <= bytesMax) return readHead(member, bytesMax);
  throw new FormatError(`${member.name} is larger than ${bytesMax} bytes.`);
}

/** Hex. */
export async function digestOf(member: PackageFile, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  const handle = await open(member.path, 'r');
  try {
    for (let done = 0; done < member.sizeBytes; ) {
      const length = Math.min(CHUNK_BYTES, member.sizeBytes - done);
      const bytes = await readAt(handle, member.offset + done, length);
      if (bytes.length === 0) throw new FormatError(`${member.name} is cut off.`);
      hash.update(bytes);
      done += bytes.length;
    }
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** Throws a FormatError that names the first file which is not as its manifest says. */
export async function verifyManifest(files: readonly PackageFile[]): Promise<void> {
  const manifest = files.find(({ name }) => name.toLowerCase().endsWith('.mf'));
  if (!manifest) return;
  for (const entry of parseManifest(await readSmall(manifest, MANIFEST_BYTES_MAX))) {
    const file = files.find(({ name }) => name === entry.name);
    if (!file) throw new FormatError(`The manifest names ${entry.name}, which is not there.`);
    if ((await digestOf(file, entry.algorithm)) === entry.digest) continue;
    throw new FormatError(`${entry.name} does not match its checksum in the manifest.`);
  }
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
