// The directory of a redo log and those of its grain tables that are in memory. Entries that are
// not in the file yet keep their table here until a commit has written them.
import { assert } from '#lib/base/assert.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import {
  COWD_TABLE_BYTES,
  COWD_TABLE_ENTRIES,
  COWD_TABLE_SECTORS,
  type CowdHeader,
  cowdDirectorySectors,
  readSectorNumbers,
} from '#lib/formats/vmdk/cowd.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Done, ExtentFile } from '../extent-file.ts';
import type { GrainSpace } from './grain-space.ts';

/** Entries in a sector of a table or directory. */
const ENTRIES_PER_SECTOR = SECTOR_BYTES / 4;
/** Tables in memory unless more wait for a commit: 16 MiB, for 2 GiB of disk. */
const TABLES_MAX = 1024;
const ZEROES = Buffer.alloc(COWD_TABLE_BYTES);

export interface GrainTable {
  readonly index: number;
  /** Sector of the file for each sector of the disk; 0: the parent has it. */
  readonly entries: Uint32Array;
  /** One bit for each of its 32 sectors that the file does not have as it is here. */
  dirty: number;
  /** I/Os and commits that need it to stay. */
  pins: number;
  /** Asked for since the last look for one to give up. */
  used: boolean;
}

export interface GrainTablesParts {
  file: ExtentFile;
  header: CowdHeader;
  directory: Uint32Array;
  space: GrainSpace;
}

export class GrainTables {
  readonly directory: Uint32Array;
  /** Those with entries that the file does not have. */
  readonly dirty = new Set<GrainTable>();
  /** Sectors of the directory that the file does not have as they are here. */
  readonly dirtyDirectory = new Set<number>();
  readonly #file: ExtentFile;
  readonly #space: GrainSpace;
  readonly #dataStart: number;
  readonly #endAtOpen: number;
  readonly #tables: (GrainTable | null)[];
  /** One bit for each table that this object has read or made. */
  readonly #known: Uint8Array;
  readonly #loading = new Map<number, Done[]>();
  /** Those in memory, looked at in turn when one must go. */
  readonly #ring: GrainTable[] = [];
  #hand = 0;

  constructor({ file, header, directory, space }: GrainTablesParts) {
    this.#file = file;
    this.#space = space;
    this.directory = directory;
    this.#dataStart = header.directorySector + cowdDirectorySectors(header);
    this.#endAtOpen = space.end;
    this.#tables = new Array<GrainTable | null>(directory.length).fill(null);
    this.#known = new Uint8Array(directory.length);
    this.#checkDirectory();
  }

  /** The table, or null when the parent has all of it, or when it `needsLoad`. */
  get(index: number): GrainTable | null {
    const table = this.#tables[index] ?? null;
    if (table !== null) table.used = true;
    return table;
  }

  needsLoad(index: number): boolean {
    return this.#tables[index] === null && this.directory[index] !== 0;
  }

  /** Reads a table into memory. `done` is never called before this returns. */
  load(index: number, done: Done): void {
    const waiting = this.#loading.get(index);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const group = [done];
    this.#loading.set(index, group);
    const buffer = Buffer.allocUnsafeSlow(COWD_TABLE_BYTES);
    const position = (this.directory[index] ?? 0) * SECTOR_BYTES;
    this.#file.readLater({ buffer, start: 0, length: buffer.length, position }, (failure) => {
      this.#loading.delete(index);
      const error = failure === 0 ? this.#take(index, buffer) : failure;
      for (const each of group) each(error);
    });
  }

  /**
   * Makes an empty table and takes its space in the file. An error number when there is none; then
   * nothing has changed.
   */
  create(index: number): GrainTable | number {
    assert(this.directory[index] === 0, 'a table is made once');
    const sector = this.#space.take(COWD_TABLE_SECTORS);
    if (sector === 0) return NBD_ERRORS.ENOSPC;
    // A commit syncs these zeroes before the directory names the table.
    const error = this.#file.writeNow(ZEROES, 0, ZEROES.length, sector * SECTOR_BYTES);
    if (error !== 0) {
      this.#space.giveBack(sector, COWD_TABLE_SECTORS);
      return error;
    }
    this.directory[index] = sector;
    this.dirtyDirectory.add(Math.floor(index / ENTRIES_PER_SECTOR));
    this.#known[index] = 1;
    return this.#keep(index, new Uint32Array(COWD_TABLE_ENTRIES));
  }

  /** Lets entries `first` on name sectors in a row, whose data have been written. */
  install(table: GrainTable, first: number, count: number, sector: number): void {
    const { entries } = table;
    for (let index = 0; index < count; index++) entries[first + index] = sector + index;
    const last = first + count - 1;
    for (let at = first >> 7; at <= last >> 7; at++) table.dirty |= 1 << at;
    this.dirty.add(table);
  }

  #checkDirectory(): void {
    const seen = new Set<number>();
    for (const sector of this.directory) {
      if (sector === 0) continue;
      const inside = sector >= this.#dataStart && sector + COWD_TABLE_SECTORS <= this.#endAtOpen;
      if (!inside || seen.has(sector)) {
        throw new FormatError('The grain directory names a table that cannot be there.');
      }
      seen.add(sector);
    }
  }

  #take(index: number, bytes: Buffer): number {
    if (this.#tables[index] !== null) return 0;
    const entries = readSectorNumbers(bytes, COWD_TABLE_ENTRIES);
    if (this.#known[index] === 0 && !this.#isCredible(entries)) return NBD_ERRORS.EIO;
    this.#known[index] = 1;
    this.#keep(index, entries);
    return 0;
  }

  /** Whether what stood in the file at opening names sectors that the file had then. */
  #isCredible(entries: Uint32Array): boolean {
    return entries.every(
      (sector) => sector === 0 || (sector >= this.#dataStart && sector < this.#endAtOpen),
    );
  }

  #keep(index: number, entries: Uint32Array): GrainTable {
    const table = { index, entries, dirty: 0, pins: 0, used: true };
    this.#tables[index] = table;
    this.#ring.push(table);
    if (this.#ring.length > TABLES_MAX) this.#giveUpOne(table);
    return table;
  }

  /** Gives up the first that was not used for a round; none while all are needed. */
  #giveUpOne(kept: GrainTable): void {
    const ring = this.#ring;
    for (let tries = 0; tries < 2 * TABLES_MAX; tries++) {
      this.#hand = (this.#hand + 1) % ring.length;
      const table = ring[this.#hand];
      if (table === undefined || table === kept) continue;
      if (table.used || table.pins > 0 || table.dirty !== 0) {
        table.used = false;
        continue;
      }
      this.#tables[table.index] = null;
      const last = ring.pop();
      if (last !== undefined && last !== table) ring[this.#hand] = last;
      return;
    }
  }
}
