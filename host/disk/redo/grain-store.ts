// Where the sectors of a redo log's disk are: in which run of its file, or with the parent. Gives
// new sectors a place and lets tables name it when the data have been written.

import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { COWD_TABLE_ENTRIES } from '#lib/formats/vmdk/cowd.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Backing } from '../backing.ts';
import type { Done, ExtentFile } from '../extent-file.ts';
import type { GrainSpace } from './grain-space.ts';
import type { GrainTable, GrainTables } from './grain-tables.ts';

const ZERO_SECTOR = Buffer.alloc(SECTOR_BYTES);

/** Bytes of the disk in a row that are in a row in the file, or all with the parent. */
export interface GrainRun {
  /** Byte in the file; null: the parent has them. */
  position: number | null;
  length: number;
}

/** Where a write goes. */
export interface GrainPlace {
  position: number;
  /** To be called once, when the data are written or not; hands the error number through. */
  settle(error: number): number;
}

export interface GrainStoreParts {
  file: ExtentFile;
  tables: GrainTables;
  space: GrainSpace;
  parent: Backing;
}

export class GrainStore {
  readonly file: ExtentFile;
  readonly tables: GrainTables;
  readonly #space: GrainSpace;
  parent: Backing;

  constructor({ file, tables, space, parent }: GrainStoreParts) {
    this.file = file;
    this.tables = tables;
    this.#space = space;
    this.parent = parent;
  }

  /**
   * The run that begins at `offset`, of at most `length` bytes and never longer than its table;
   * null when the table must be loaded first.
   */
  runAt(offset: number, length: number): GrainRun | null {
    const sector = offset / SECTOR_BYTES;
    const index = Math.floor(sector / COWD_TABLE_ENTRIES);
    const first = sector % COWD_TABLE_ENTRIES;
    const count = Math.min(length / SECTOR_BYTES, COWD_TABLE_ENTRIES - first);
    const table = this.tables.get(index);
    if (table === null && this.tables.needsLoad(index)) return null;
    if (table === null) return { position: null, length: count * SECTOR_BYTES };
    const sectors = runLength(table.entries, first, count);
    const place = table.entries[first] ?? 0;
    return {
      position: place === 0 ? null : place * SECTOR_BYTES,
      length: sectors * SECTOR_BYTES,
    };
  }

  /** Loads the table of `offset`; `done` is never called before this returns. */
  loadAt(offset: number, done: Done): void {
    this.tables.load(tableOf(offset), done);
  }

  /**
   * Where to write a run that `runAt` gave: its own sectors, or new ones; `fresh` ones read as
   * zeroes. An error number when there is no room.
   */
  placeFor(offset: number, run: GrainRun, fresh: boolean): GrainPlace | number {
    if (run.position !== null) return { position: run.position, settle: (error) => error };
    const index = tableOf(offset);
    const table = this.tables.get(index) ?? this.tables.create(index);
    if (typeof table === 'number') return table;
    const count = run.length / SECTOR_BYTES;
    const sector = fresh ? this.#space.takeFresh(count) : this.#space.take(count);
    if (sector === 0) return NBD_ERRORS.ENOSPC;
    const first = (offset / SECTOR_BYTES) % COWD_TABLE_ENTRIES;
    table.pins += 1;
    return {
      position: sector * SECTOR_BYTES,
      settle: (error) => this.#settle({ table, first, count, sector }, error),
    };
  }

  /** As `placeFor` and `settle` in one, for a write of new sectors on this thread. */
  writeNew(offset: number, { buffer, start, length }: WriteData): number {
    const index = tableOf(offset);
    const table = this.tables.get(index) ?? this.tables.create(index);
    if (typeof table === 'number') return table;
    const count = length / SECTOR_BYTES;
    const sector = this.#space.take(count);
    if (sector === 0) return NBD_ERRORS.ENOSPC;
    const error = this.file.writeNow(buffer, start, length, sector * SECTOR_BYTES);
    if (error !== 0) {
      this.#space.giveBack(sector, count);
      return error;
    }
    this.tables.install(table, (offset / SECTOR_BYTES) % COWD_TABLE_ENTRIES, count, sector);
    return 0;
  }

  /** Makes the file reach to the end of fresh sectors, without ever cutting what others added. */
  extend(end: number): number {
    return this.file.writeNow(ZERO_SECTOR, 0, SECTOR_BYTES, end - SECTOR_BYTES);
  }

  #settle({ table, first, count, sector }: NewGrains, error: number): number {
    table.pins -= 1;
    if (error === 0) this.tables.install(table, first, count, sector);
    else this.#space.giveBack(sector, count);
    return error;
  }
}

interface NewGrains {
  table: GrainTable;
  first: number;
  count: number;
  sector: number;
}

interface WriteData {
  buffer: Buffer;
  start: number;
  length: number;
}

/** Entries from `first` on, at most `count`, that name sectors in a row, or none. */
function runLength(entries: Uint32Array, first: number, count: number): number {
  const place = entries[first] ?? 0;
  const step = place === 0 ? 0 : 1;
  let sectors = 1;
  while (sectors < count && entries[first + sectors] === place + sectors * step) sectors += 1;
  return sectors;
}

function tableOf(offset: number): number {
  return Math.floor(offset / (COWD_TABLE_ENTRIES * SECTOR_BYTES));
}
