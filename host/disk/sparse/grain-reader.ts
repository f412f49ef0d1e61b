// Reads the grains of a hosted sparse extent (KDMV), plain or deflated. Directory and tables are
// read when first needed and kept in bounded numbers.
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { FormatError } from '#lib/formats/format-error.ts';
import { readSectorNumbers } from '#lib/formats/vmdk/cowd.ts';
import { isCompleteMarker, parseGrainMarker } from '#lib/formats/vmdk/grain-marker.ts';
import {
  directoryEntries,
  parseSparseHeader,
  SPARSE_HEADER_BYTES,
  SPARSE_TABLE_ENTRIES,
  type SparseHeader,
  ZERO_GRAIN,
} from '#lib/formats/vmdk/sparse-header.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { ExtentFile } from '../extent-file.ts';

const TABLE_BYTES = SPARSE_TABLE_ENTRIES * 4;
/** Grain tables in memory: 8 MiB. */
const TABLES_MAX = 4096;
/** Inflated grains in memory, so that small reads in a row inflate once. */
const GRAINS_MAX = 16;
/** The footer stands before the end-of-stream marker, in bytes from the end. */
const FOOTER_FROM_END = 1024;

const inflateLater = promisify(inflate);

/** Where a grain is: in the file, nowhere (the parent has it), or all zeroes. */
export type GrainPlace = { sector: number } | 'parent' | 'zero';

export class GrainReader {
  readonly header: SparseHeader;
  readonly grainBytes: number;
  readonly #file: ExtentFile;
  readonly #directory: Uint32Array;
  readonly #tables = new Map<number, Uint32Array>();
  readonly #grains = new Map<number, Buffer>();

  private constructor(file: ExtentFile, header: SparseHeader, directory: Uint32Array) {
    this.header = header;
    this.grainBytes = header.grainSectors * SECTOR_BYTES;
    this.#file = file;
    this.#directory = directory;
  }

  /** Throws a FormatError, or a SparseReadError for what the file system says. */
  static async open(file: ExtentFile): Promise<GrainReader> {
    let header = parseSparseHeader(await readBytes(file, 0, SPARSE_HEADER_BYTES));
    if (header.directorySector === null) {
      const position = file.sizeBytes - FOOTER_FROM_END;
      if (position < 0) throw new FormatError('The sparse extent is cut off before its footer.');
      header = parseSparseHeader(await readBytes(file, position, SPARSE_HEADER_BYTES));
    }
    if (header.directorySector === null || header.directorySector === 0) {
      throw new FormatError('The sparse extent has no grain directory.');
    }
    const entries = directoryEntries(header);
    const bytes = await readBytes(file, header.directorySector * SECTOR_BYTES, entries * 4);
    return new GrainReader(file, header, readSectorNumbers(bytes, entries));
  }

  /** Where the grain of a number is. */
  async placeOf(grain: number): Promise<GrainPlace> {
    const table = await this.#table(Math.floor(grain / SPARSE_TABLE_ENTRIES));
    const sector = table?.[grain % SPARSE_TABLE_ENTRIES] ?? 0;
    if (sector === 0) return 'parent';
    return sector === ZERO_GRAIN && this.header.zeroGrains ? 'zero' : { sector };
  }

  /** Reads a part of a grain that stands at a sector. */
  async read(sector: number, from: number, into: Buffer): Promise<void> {
    if (this.header.compressed) {
      (await this.#inflated(sector)).copy(into, 0, from, from + into.length);
      return;
    }
    await fill(this.#file, sector * SECTOR_BYTES + from, into);
  }

  async #table(index: number): Promise<Uint32Array | null> {
    const sector = this.#directory[index] ?? 0;
    if (sector === 0) return null;
    const known = this.#tables.get(index);
    if (known !== undefined) return known;
    const bytes = await readBytes(this.#file, sector * SECTOR_BYTES, TABLE_BYTES);
    const table = readSectorNumbers(bytes, SPARSE_TABLE_ENTRIES);
    keep(this.#tables, index, table, TABLES_MAX);
    return table;
  }

  async #inflated(sector: number): Promise<Buffer> {
    const known = this.#grains.get(sector);
    if (known !== undefined) return known;
    const position = sector * SECTOR_BYTES;
    const marker = parseGrainMarker(await readBytes(this.#file, position, SECTOR_BYTES));
    if (!isCompleteMarker(marker, this.grainBytes)) {
      throw new FormatError(`The deflated grain at sector ${sector} cannot be.`);
    }
    const packed = await readBytes(this.#file, position + marker.headBytes, marker.packedBytes);
    const grain = await inflateLater(packed, { maxOutputLength: this.grainBytes }).catch(
      (cause: unknown) => {
        throw new FormatError(`The grain at sector ${sector} does not inflate (${String(cause)}).`);
      },
    );
    const whole = Buffer.alloc(this.grainBytes);
    grain.copy(whole);
    keep(this.#grains, sector, whole, GRAINS_MAX);
    return whole;
  }
}

/** The file could not be read. */
export class SparseReadError extends Error {
  readonly errno: number;

  constructor(path: string, errno: number) {
    super(`${path} cannot be read (errno ${errno})`);
    this.errno = errno;
  }
}

function keep<Value>(map: Map<number, Value>, key: number, value: Value, most: number): void {
  const [oldest] = map.keys();
  if (map.size >= most && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

async function readBytes(file: ExtentFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  await fill(file, position, buffer);
  return buffer;
}

async function fill(file: ExtentFile, position: number, buffer: Buffer): Promise<void> {
  const transfer = { buffer, start: 0, length: buffer.length, position };
  const error = await new Promise<number>((resolve) => file.readLater(transfer, resolve));
  if (error !== 0) throw new SparseReadError(file.path, error);
}
