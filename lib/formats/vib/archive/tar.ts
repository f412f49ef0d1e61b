// tar archives inside VIB payloads: ustar and GNU tar as "tgz" holds them, and "vtar" as "vgz"
// holds it. A vtar header has the magic "visor  " and, at byte 496, the little-endian offset of the
// file's data; when that is not 0, the data lie there and the next header follows at once.
import { Fault } from '../../../model/fault.ts';
import { VIB_FILES_MAX, VIB_UNPACKED_BYTES_MAX } from '../../../model/limits.ts';
import { checkPath } from './archive-path.ts';

const BLOCK = 512;
const VTAR_MAGIC = 'visor  ';
/** A long name or a pax header, in bytes. */
const EXTENSION_BYTES_MAX = 64 * 1024;

export interface ArchiveFile {
  /** Relative, checked by checkPath. */
  path: string;
  /** Permission bits. */
  mode: number;
  /** A view of the archive's bytes, not a copy. */
  bytes: Uint8Array;
}

interface Header {
  name: string;
  size: number;
  mode: number;
  type: string;
  /** Where the data start when they do not follow the header; 0 else. */
  dataOffset: number;
}

/**
 * Lists the regular files. Links, devices, paths that lead out and files that collide are refused.
 */
export function readTar(archive: Uint8Array, what: string): ArchiveFile[] {
  const files = new FileSet(what);
  let offset = 0;
  let longName: string | null = null;
  for (;;) {
    const header = readHeader(archive, offset, what);
    if (header === null) break;
    const start = header.dataOffset === 0 ? offset + BLOCK : header.dataOffset;
    if (archive.length - start < header.size) {
      throw malformed(what, `${header.name} claims ${header.size} bytes, which are not there`);
    }
    if ('Lxg'.includes(header.type) && header.size > EXTENSION_BYTES_MAX) {
      throw malformed(what, 'an extended header is too long');
    }
    const data = archive.subarray(start, start + header.size);
    offset = header.dataOffset === 0 ? start + padded(header.size) : offset + BLOCK;
    if (header.type === 'L') longName = textOf(data, 0, data.length);
    else if (header.type === 'x') longName = paxPath(data, what) ?? longName;
    else if (header.type !== 'g') {
      files.add({ ...header, name: longName ?? header.name }, data);
      longName = null;
    }
  }
  return files.list;
}

/**
 * Writes ustar whose bytes depend on paths, modes and data alone: owner root, time 0, sorted by
 * path.
 */
export function writeTar(files: readonly ArchiveFile[]): Uint8Array {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const total = sorted.reduce((sum, { bytes }) => sum + BLOCK + padded(bytes.length), 2 * BLOCK);
  const archive = new Uint8Array(total);
  let offset = 0;
  for (const { path, mode, bytes } of sorted) {
    checkPath(path, 'the payload');
    writeHeader(archive.subarray(offset, offset + BLOCK), { path, mode, size: bytes.length });
    archive.set(bytes, offset + BLOCK);
    offset += BLOCK + padded(bytes.length);
  }
  return archive;
}

class FileSet {
  readonly list: ArchiveFile[] = [];
  readonly #what: string;
  readonly #paths = new Set<string>();
  readonly #directories = new Set<string>();
  #totalBytes = 0;

  constructor(what: string) {
    this.#what = what;
  }

  add({ name, type, mode }: Header, bytes: Uint8Array): void {
    const path = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    if (type === '5' && (path === '' || path === '.')) return;
    checkPath(path, this.#what);
    if (type === '5') {
      this.#addDirectory(path);
      return;
    }
    if (type !== '0' && type !== '\0' && type !== '7') {
      throw malformed(this.#what, `${path} is a link or a device, which is not allowed`);
    }
    if (this.#paths.has(path) || this.#directories.has(path)) {
      throw malformed(this.#what, `it holds ${path} twice`);
    }
    const parent = path.lastIndexOf('/');
    if (parent > 0) this.#addDirectory(path.slice(0, parent));
    this.#totalBytes += bytes.length;
    if (this.list.length >= VIB_FILES_MAX || this.#totalBytes > VIB_UNPACKED_BYTES_MAX) {
      throw malformed(this.#what, 'it holds too many files or bytes');
    }
    this.#paths.add(path);
    this.list.push({ path, mode: mode & 0o755, bytes });
  }

  #addDirectory(path: string): void {
    const segments = path.split('/');
    for (let depth = 1; depth <= segments.length; depth++) {
      const directory = segments.slice(0, depth).join('/');
      if (this.#paths.has(directory)) {
        throw malformed(this.#what, `${directory} is both a file and a directory`);
      }
      this.#directories.add(directory);
    }
  }
}

/** Null at the end of the archive. */
function readHeader(archive: Uint8Array, offset: number, what: string): Header | null {
  const block = archive.subarray(offset, offset + BLOCK);
  if (block.length < BLOCK) throw malformed(what, 'it ends within a header');
  if (block.every((byte) => byte === 0)) return null;
  const vtar = textOf(block, 257, 7) === VTAR_MAGIC;
  if (!vtar && textOf(block, 257, 5) !== 'ustar')
    throw malformed(what, 'a header has no tar magic');
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  if (octal(block, 148, 8) !== sum) throw malformed(what, 'the checksum of a header is wrong');
  const size = octal(block, 124, 12);
  if (size === null || size > VIB_UNPACKED_BYTES_MAX) throw malformed(what, 'a size is wrong');
  const gnu = textOf(block, 257, 8) === 'ustar  ';
  const prefix = gnu ? '' : textOf(block, 345, vtar ? 151 : 155);
  const name = textOf(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    mode: octal(block, 100, 8) ?? 0,
    type: String.fromCharCode(block[156] ?? 0),
    dataOffset: vtar ? new DataView(block.buffer, block.byteOffset).getUint32(496, true) : 0,
  };
}

function writeHeader(
  block: Uint8Array,
  { path, mode, size }: { path: string; mode: number; size: number },
): void {
  const [prefix, name] = splitPath(path);
  put(block, 0, name);
  put(block, 100, (mode & 0o7777).toString(8).padStart(7, '0'));
  put(block, 108, '0000000');
  put(block, 116, '0000000');
  put(block, 124, size.toString(8).padStart(11, '0'));
  put(block, 136, '00000000000');
  put(block, 148, '        ');
  put(block, 156, '0');
  put(block, 257, 'ustar\u000000');
  put(block, 265, 'root');
  put(block, 297, 'root');
  put(block, 345, prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(block, 148, `${sum.toString(8).padStart(6, '0')}\u0000 `);
}

/** ustar keeps 100 bytes of name behind 155 bytes of prefix. */
function splitPath(path: string): [string, string] {
  if (path.length <= 100) return ['', path];
  const cut = path.indexOf('/', path.length - 101);
  if (cut > 0 && cut <= 155) return [path.slice(0, cut), path.slice(cut + 1)];
  throw malformed('the payload', `${path} is too long for a tar header`);
}

/** The `path` of a pax extended header. Records are "<length> <key>=<value>\n". */
function paxPath(data: Uint8Array, what: string): string | null {
  let rest = textOf(data, 0, data.length);
  let path: string | null = null;
  while (rest !== '') {
    const length = Number.parseInt(rest, 10);
    const match = /^\d+ ([^=]+)=([^\n]*)\n$/.exec(rest.slice(0, length));
    if (!match || match[1] === 'size' || match[1] === 'linkpath') {
      throw malformed(what, 'a pax header is wrong');
    }
    if (match[1] === 'path') path = match[2] ?? '';
    rest = rest.slice(length);
  }
  return path;
}

/** Latin-1 text up to the first NUL; checkPath refuses what is not plain ASCII later. */
function textOf(bytes: Uint8Array, start: number, length: number): string {
  let text = '';
  for (const byte of bytes.subarray(start, start + length)) {
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

function octal(block: Uint8Array, start: number, length: number): number | null {
  const text = textOf(block, start, length).trim();
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : null;
}

function put(block: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) block[offset + i] = text.charCodeAt(i);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function malformed(what: string, reason: string): Fault {
  return new Fault('VibFormatError', `${what} is not a payload that can be unpacked: ${reason}.`);
}
