// Hosted sparse extent (KDMV), little endian: a header of one sector, an embedded descriptor, a
// grain directory of 32-bit sector numbers, grain tables of 512 such numbers, and grains of 64 KiB.
// docs/formats/sparse.md has the layout.
import { FormatError } from '../format-error.ts';

export const SPARSE_HEADER_BYTES = 512;
/** Entries of a grain table. */
export const SPARSE_TABLE_ENTRIES = 512;
/** A grain table entry that says "all zeroes", where the header allows it. */
export const ZERO_GRAIN = 1;

const MAGIC = 'KDMV';
const SECTOR = 512;
const FLAG_NEWLINE_TEST = 1;
const FLAG_ZERO_GRAINS = 4;
const FLAG_COMPRESSED = 0x1_0000;
const FLAG_MARKERS = 0x2_0000;
const NEWLINES = [0x0a, 0x20, 0x0d, 0x0a];
const COMPRESSION_DEFLATE = 1;
/** Grains larger than this are no disk's, in sectors: 2 MiB. */
const GRAIN_SECTORS_MAX = 4096;
/** 62 TiB in sectors. */
const CAPACITY_SECTORS_MAX = 62 * 2 ** 31;
/** A directory with more entries than this would not fit in memory. */
const DIRECTORY_ENTRIES_MAX = 4 * 1024 * 1024;
/** Instead of the directory's place: it stands in a footer at the end of the file. */
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

export interface SparseHeader {
  capacitySectors: number;
  grainSectors: number;
  /** Where the embedded descriptor is and how long, in sectors; 0 for none. */
  descriptorSector: number;
  descriptorSectors: number;
  /** Null when it stands in the footer. */
  directorySector: number | null;
  zeroGrains: boolean;
  /** Each grain is deflated, behind a marker. */
  compressed: boolean;
}

/** Whether a file begins as a sparse extent does. */
function isSparse(bytes: Uint8Array): boolean {
  return [...MAGIC].every((letter, index) => bytes[index] === letter.charCodeAt(0));
}

/** Entries of the grain directory. */
export function directoryEntries({ capacitySectors, grainSectors }: SparseHeader): number {
  return Math.ceil(capacitySectors / (grainSectors * SPARSE_TABLE_ENTRIES));
}

/** Reads a header or a footer. Throws a FormatError on anything that cannot be. */
export function parseSparseHeader(bytes: Uint8Array): SparseHeader {
  if (bytes.length < SPARSE_HEADER_BYTES) throw new FormatError('The sparse header is cut off.');
  if (!isSparse(bytes)) throw new FormatError('The sparse extent does not begin with KDMV.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(4, true);
  if (version < 1 || version > 3) {
    throw new FormatError(`Sparse extents of version ${version} are not supported.`);
  }
  const flags = view.getUint32(8, true);
  checkNewlines(bytes, flags);
  const directory = view.getBigUint64(56, true);
  const header = {
    capacitySectors: sectorsAt(view, 12, 'capacity'),
    grainSectors: sectorsAt(view, 20, 'grain size'),
    descriptorSector: sectorsAt(view, 28, 'descriptor'),
    descriptorSectors: sectorsAt(view, 36, 'descriptor size'),
    directorySector: directory === DIRECTORY_AT_END ? null : sectorsAt(view, 56, 'directory'),
    zeroGrains: (flags & FLAG_ZERO_GRAINS) !== 0,
    compressed: (flags & FLAG_COMPRESSED) !== 0,
  };
  checkHeader(header, view, flags);
  return header;
}

/**
 * The descriptor's bytes in the first bytes of a file: those of a descriptor alone are all of them,
 * a sparse extent says where its own stands. Throws a FormatError when it is not in there.
 */
export function descriptorInHead(head: Uint8Array): Uint8Array {
  if (!isSparse(head)) return head;
  const { descriptorSector, descriptorSectors } = parseSparseHeader(head);
  if (descriptorSectors === 0) {
    throw new FormatError('The sparse extent is part of a disk and holds no descriptor.');
  }
  const start = descriptorSector * SECTOR;
  const end = start + descriptorSectors * SECTOR;
  if (end > head.length) throw new FormatError('The descriptor lies too far into the file.');
  return head.subarray(start, end);
}

function sectorsAt(view: DataView, at: number, what: string): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Math.floor(Number.MAX_SAFE_INTEGER / SECTOR))) {
    throw new FormatError(`The ${what} of the sparse extent cannot be.`);
  }
  return Number(value);
}

/** Bytes that a transfer as text would change. */
function checkNewlines(bytes: Uint8Array, flags: number): void {
  if ((flags & FLAG_NEWLINE_TEST) === 0) return;
  if (NEWLINES.every((byte, index) => bytes[73 + index] === byte)) return;
  throw new FormatError('The file was changed by a transfer as text.');
}

function checkHeader(header: SparseHeader, view: DataView, flags: number): void {
  const { capacitySectors, grainSectors, compressed } = header;
  if (capacitySectors < 1 || capacitySectors > CAPACITY_SECTORS_MAX) {
    throw new FormatError(`A sparse extent of ${capacitySectors} sectors cannot be.`);
  }
  const powerOfTwo = Number.isInteger(Math.log2(grainSectors));
  if (!powerOfTwo || grainSectors < 8 || grainSectors > GRAIN_SECTORS_MAX) {
    throw new FormatError(`Grains of ${grainSectors} sectors are not supported.`);
  }
  const entries = view.getUint32(44, true);
  if (entries !== SPARSE_TABLE_ENTRIES) {
    throw new FormatError(`Grain tables of ${entries} entries are not supported.`);
  }
  if (directoryEntries(header) > DIRECTORY_ENTRIES_MAX) {
    throw new FormatError('The grain directory is too large.');
  }
  if (!compressed) return;
  const algorithm = view.getUint16(77, true);
  if (algorithm !== COMPRESSION_DEFLATE || (flags & FLAG_MARKERS) === 0) {
    throw new FormatError('Only deflated grains with markers are supported.');
  }
}
