// ar archives as VIBs use them: "!<arch>\n", then members of a 60-byte text header (name 16, time
// 12, uid 6, gid 6, mode 8, size 10, "`\n") and the data, padded with "\n" to an even length.
// Extended names (GNU "//", BSD "#1/") do not occur in VIBs and are refused.
import { Fault } from '../../../model/fault.ts';
import { VIB_BYTES_MAX, VIB_MEMBERS_MAX } from '../../../model/limits.ts';

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;
const NAME_BYTES = 16;
const PAD = 0x0a;
const MEMBER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;

export interface ArMember {
  name: string;
  /** A view of the archive's bytes, not a copy. */
  bytes: Uint8Array;
}

/**
 * Splits an archive into its members. Throws VibFormatError on whatever is not exactly an archive.
 */
export function readAr(archive: Uint8Array): ArMember[] {
  if (archive.length > VIB_BYTES_MAX) {
    throw malformed(`The file is larger than ${VIB_BYTES_MAX} bytes.`);
  }
  if (asciiOf(archive, 0, MAGIC.length) !== MAGIC) {
    throw malformed('The file is not an ar archive: it does not begin with "!<arch>".');
  }
  const members: ArMember[] = [];
  const names = new Set<string>();
  let offset = MAGIC.length;
  while (offset < archive.length) {
    const member = readMember(archive, offset);
    if (names.has(member.name)) {
      throw malformed(`The archive holds two members called ${member.name}.`);
    }
    if (members.length === VIB_MEMBERS_MAX) {
      throw malformed(`The archive holds more than ${VIB_MEMBERS_MAX} members.`);
    }
    names.add(member.name);
    members.push(member);
    offset += HEADER_BYTES + paddedLength(member.bytes.length);
  }
  return members;
}

/**
 * Makes an archive whose bytes depend on names and data alone. Time and owner are 0, the mode is
 * 0644.
 */
export function writeAr(members: readonly ArMember[]): Uint8Array {
  const total = members.reduce(
    (sum, { bytes }) => sum + HEADER_BYTES + paddedLength(bytes.length),
    MAGIC.length,
  );
  const archive = new Uint8Array(total);
  putAscii(archive, 0, MAGIC);
  let offset = MAGIC.length;
  for (const { name, bytes } of members) {
    checkName(name);
    putAscii(archive, offset, headerOf(name, bytes.length));
    archive.set(bytes, offset + HEADER_BYTES);
    if (bytes.length % 2 === 1) archive[offset + HEADER_BYTES + bytes.length] = PAD;
    offset += HEADER_BYTES + paddedLength(bytes.length);
  }
  return archive;
}

function readMember(archive: Uint8Array, offset: number): ArMember {
  if (archive.length - offset < HEADER_BYTES) {
    throw malformed(`The archive ends within a member header at byte ${offset}.`);
  }
  const header = asciiOf(archive, offset, HEADER_BYTES);
  if (header === null || !header.endsWith('`\n')) {
    throw malformed(`There is no member header at byte ${offset}.`);
  }
  const name = header.slice(0, NAME_BYTES).trimEnd().replace(/\/$/, '');
  checkName(name);
  const sizeText = header.slice(48, 58);
  if (!/^\d+ *$/.test(sizeText)) throw malformed(`The size of member ${name} is not a number.`);
  const size = Number.parseInt(sizeText, 10);
  const start = offset + HEADER_BYTES;
  if (archive.length - start < paddedLength(size)) {
    throw malformed(`The archive ends within member ${name}: it claims ${size} bytes.`);
  }
  if (size % 2 === 1 && archive[start + size] !== PAD) {
    throw malformed(`Member ${name} is not padded with a newline.`);
  }
  return { name, bytes: archive.subarray(start, start + size) };
}

function checkName(name: string): void {
  if (name.length <= NAME_BYTES - 1 && MEMBER_NAME.test(name)) return;
  throw malformed(`${JSON.stringify(name)} is not a name that a member of a VIB may have.`);
}

function headerOf(name: string, size: number): string {
  const fields = [
    name.padEnd(16),
    '0'.padEnd(12),
    '0'.padEnd(6),
    '0'.padEnd(6),
    '100644'.padEnd(8),
  ];
  return `${fields.join('')}${String(size).padEnd(10)}\`\n`;
}

/** Text of the bytes, or null when one of them is not ASCII. */
function asciiOf(bytes: Uint8Array, start: number, length: number): string | null {
  let text = '';
  for (const byte of bytes.subarray(start, start + length)) {
    if (byte > 0x7e) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

function putAscii(target: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
}

function paddedLength(size: number): number {
  return size + (size % 2);
}

function malformed(message: string): Fault {
  return new Fault('VibFormatError', message);
}
