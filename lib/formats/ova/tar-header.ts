// Tar header (ustar, POSIX 1003.1-1988) as in an OVA: 512 bytes with name, size and type; numbers
// are octal text, or big endian behind a set top bit for sizes from 8 GiB. Members are plain files
// with plain names, padded to 512 bytes; two blocks of zeroes end the archive.
import { FormatError } from '../format-error.ts';

export const TAR_BLOCK_BYTES = 512;
const MAGIC = 'ustar';
/** A member's name, in bytes. */
const NAME_BYTES_MAX = 100;

export interface TarMember {
  name: string;
  sizeBytes: number;
}

/** Whether a file begins with the header of a tar archive. */
export function isTar(head: Uint8Array): boolean {
  return head.length >= TAR_BLOCK_BYTES && textAt(head, 257, 5) === MAGIC;
}

/** Null for a block of zeroes. Throws a FormatError for all but plain files with plain names. */
export function parseTarHeader(block: Uint8Array): TarMember | null {
  if (block.length < TAR_BLOCK_BYTES) throw new FormatError('The archive is cut off.');
  if (block.subarray(0, TAR_BLOCK_BYTES).every((byte) => byte === 0)) return null;
  if (numberAt(block, 148, 8) !== checksumOf(block)) {
    throw new FormatError('A header of the archive does not match its checksum.');
  }
  const name = textAt(block, 0, NAME_BYTES_MAX);
  const prefix = textAt(block, 257, 6) === MAGIC ? textAt(block, 345, 155) : '';
  const full = prefix === '' ? name : `${prefix}/${name}`;
  const type = textAt(block, 156, 1);
  if (type !== '' && type !== '0') {
    throw new FormatError(`The archive holds something that is no plain file (“${full}”).`);
  }
  checkMemberName(full);
  return { name: full, sizeBytes: numberAt(block, 124, 12) };
}

/** Throws a FormatError unless the name is that of a file beside the others. */
export function checkMemberName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const isBad = /[/\\\u0000-\u001f\u007f]/.test(name) || name.startsWith('.') || name === '';
  if (!isBad && new TextEncoder().encode(name).length <= 255) return;
  throw new FormatError(`“${name}” is no name of a file beside the others.`);
}

function textAt(block: Uint8Array, at: number, length: number): string {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function numberAt(block: Uint8Array, at: number, length: number): number {
  const first = block[at] ?? 0;
  if (first === 0x80) {
    const bytes = block.subarray(at + 1, at + length);
    const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new FormatError('A size in the archive cannot be.');
  }
  const text = textAt(block, at, length).trim();
  if (!/^[0-7]{1,12}$/.test(text)) throw new FormatError('A number in the archive is malformed.');
  return Number.parseInt(text, 8);
}

/** The sum of all bytes, with the checksum itself read as spaces. */
function checksumOf(block: Uint8Array): number {
  return block
    .subarray(0, TAR_BLOCK_BYTES)
    .reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}
