// Redo log (COWD, VMFSSPARSE), little endian: a header of 4 sectors, a grain directory of 32-bit
// sector numbers, grain tables of 4096 such numbers, and grains of one sector; 0 in either means
// that the parent has the data. docs/formats/cowd.md has the layout.
import { FormatError } from '../format-error.ts';

const SECTOR = 512;
/** The header, in bytes; the directory follows. */
export const COWD_HEADER_BYTES = 4 * SECTOR;
/** Entries of a grain table, which is also how many sectors of the disk it stands for. */
export const COWD_TABLE_ENTRIES = 4096;
export const COWD_TABLE_BYTES = COWD_TABLE_ENTRIES * 4;
export const COWD_TABLE_SECTORS = COWD_TABLE_BYTES / SECTOR;
/** Sector numbers have 32 bits: a disk, and a log, is smaller than 2 TiB. In sectors. */
export const COWD_SECTORS_MAX = 0xffff_ffff;

const MAGIC = 'COWD';
const VERSION = 1;
/** Read and written, as every log of the field has it. */
const FLAGS = 3;
const DIRECTORY_SECTOR = COWD_HEADER_BYTES / SECTOR;

export interface CowdHeader {
  /** Length of the disk. */
  capacitySectors: number;
  directorySector: number;
  /** Entries of the directory. */
  directoryEntries: number;
  /**
   * The first sector of the file that was free when the header was written. A hint: it is behind
   * after a crash.
   */
  freeSector: number;
}

/** The header of a new log over a disk, which must be smaller than 2 TiB. */
export function newCowdHeader(capacitySectors: number): CowdHeader {
  if (capacitySectors < 1 || capacitySectors > COWD_SECTORS_MAX) {
    throw new FormatError('A redo log cannot be of a disk of 2 TiB or more.');
  }
  const directoryEntries = Math.ceil(capacitySectors / COWD_TABLE_ENTRIES);
  const directorySectors = Math.ceil((directoryEntries * 4) / SECTOR);
  const freeSector = DIRECTORY_SECTOR + directorySectors;
  return { capacitySectors, directorySector: DIRECTORY_SECTOR, directoryEntries, freeSector };
}

/** Sectors that a directory of so many entries takes. */
export function cowdDirectorySectors({ directoryEntries }: CowdHeader): number {
  return Math.ceil((directoryEntries * 4) / SECTOR);
}

export function formatCowdHeader(header: CowdHeader): Uint8Array {
  const bytes = new Uint8Array(COWD_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  const fields = [
    VERSION,
    FLAGS,
    header.capacitySectors,
    1,
    header.directorySector,
    header.directoryEntries,
    header.freeSector,
  ];
  for (const [index, value] of fields.entries()) view.setUint32(4 + index * 4, value, true);
  return bytes;
}

/** Reads a header. Throws a FormatError on anything that cannot be. */
export function parseCowdHeader(bytes: Uint8Array): CowdHeader {
  if (bytes.length < COWD_HEADER_BYTES) throw new FormatError('The redo log is cut off.');
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 4)) !== MAGIC) {
    throw new FormatError('The redo log does not begin with COWD.');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(4, true);
  const grainSectors = view.getUint32(16, true);
  if (version !== VERSION) {
    throw new FormatError(`Redo logs of version ${version} are not supported.`);
  }
  if (grainSectors !== 1) {
    throw new FormatError(`Grains of ${grainSectors} sectors are not supported.`);
  }
  const header = {
    capacitySectors: view.getUint32(12, true),
    directorySector: view.getUint32(20, true),
    directoryEntries: view.getUint32(24, true),
    freeSector: view.getUint32(28, true),
  };
  const wanted = Math.ceil(header.capacitySectors / COWD_TABLE_ENTRIES);
  if (header.capacitySectors < 1 || header.directoryEntries !== wanted) {
    throw new FormatError(
      `A redo log of ${header.capacitySectors} sectors has not ${header.directoryEntries} tables.`,
    );
  }
  if (header.directorySector < 1) {
    throw new FormatError('The grain directory lies upon the header.');
  }
  return header;
}

/** The 32-bit numbers of a directory or a table. */
export function readSectorNumbers(bytes: Uint8Array, entries: number): Uint32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Uint32Array(entries);
  for (let index = 0; index < entries; index++) numbers[index] = view.getUint32(index * 4, true);
  return numbers;
}

/** Writes numbers `from` to `to` into `into`, which is as long as they are. */
export function writeSectorNumbers(
  numbers: Uint32Array,
  from: number,
  to: number,
  into: Uint8Array,
): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  for (let index = from; index < to; index++) {
    view.setUint32((index - from) * 4, numbers[index] ?? 0, true);
  }
}
