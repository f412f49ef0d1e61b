// A redo log (COWD) over a parent: what was written since a snapshot. Writes go to the end of its
// file, reads of what it does not have go to the parent. Crash-safe: the file names only data that
// are durable, so a log that lost its process or its power opens with all that was flushed.
import { assert } from '#lib/base/assert.ts';
import type { Clock } from '#lib/base/clock.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import {
  COWD_HEADER_BYTES,
  type CowdHeader,
  cowdDirectorySectors,
  parseCowdHeader,
  readSectorNumbers,
} from '#lib/formats/vmdk/cowd.ts';
import { KIB, SECTOR_BYTES } from '#lib/model/limits.ts';
import { type ChainIo, FLUSH, PENDING, PREFETCH, READ, TRIM, WRITE } from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';
import type { Done, ExtentFile } from './extent-file.ts';
import { appendExtent } from './files/block-status.ts';
import { invalidDisk } from './files/extent-table.ts';
import { PUNCH_BYTES_MIN } from './files/zero-range.ts';
import { GrainSpace } from './redo/grain-space.ts';
import { GrainStore } from './redo/grain-store.ts';
import { GrainTables } from './redo/grain-tables.ts';
import { GrainWalk } from './redo/grain-walk.ts';
import { TableCommit } from './redo/table-commit.ts';

/** Below this length an I/O of one run stays on this thread, in bytes. */
const LATER_BYTES = 64 * KIB;
/** Tables that wait for a commit before one is made without being asked for. */
const DIRTY_TABLES_MAX = 512;
/** How long new entries wait for a commit while I/O goes on, in milliseconds. */
const DIRTY_MS_MAX = 1000;
/** In one answer about the block status: extents, and bytes, which the parent may have to read. */
const STATUS_EXTENTS_MAX = 1024;
const STATUS_BYTES_MAX = 64 * 1024 * KIB;

export interface RedoLogParts {
  file: ExtentFile;
  parent: Backing;
  clock: Clock;
  readOnly: boolean;
}

export class RedoLog implements Backing {
  readonly sizeBytes: number;
  readonly #file: ExtentFile;
  readonly #store: GrainStore;
  readonly #tables: GrainTables;
  readonly #commit: TableCommit;
  readonly #clock: Clock;
  readonly #readOnly: boolean;
  #dirtySince = 0;

  private constructor(parts: RedoLogParts, header: CowdHeader, directory: Uint32Array) {
    const { file, parent, clock, readOnly } = parts;
    this.#file = file;
    this.#clock = clock;
    this.#readOnly = readOnly;
    this.sizeBytes = header.capacitySectors * SECTOR_BYTES;
    // What the header says of the end may be behind; the file itself is not.
    const space = new GrainSpace(Math.ceil(file.sizeBytes / SECTOR_BYTES));
    this.#tables = new GrainTables({ file, header, directory, space });
    this.#store = new GrainStore({ file, parent, space, tables: this.#tables });
    this.#commit = new TableCommit({ file, header, space, tables: this.#tables });
  }

  /**
   * Opens a log whose file is open; it closes the file, and with itself the parent. Throws
   * `InvalidDiskFormat`.
   */
  static async open(parts: RedoLogParts): Promise<RedoLog> {
    const { file, parent } = parts;
    try {
      const header = parseCowdHeader(await readBytes(file, COWD_HEADER_BYTES, 0));
      const bytes = await readBytes(
        file,
        cowdDirectorySectors(header) * SECTOR_BYTES,
        header.directorySector * SECTOR_BYTES,
      );
      const directory = readSectorNumbers(bytes, header.directoryEntries);
      const log = new RedoLog(parts, header, directory);
      if (log.sizeBytes === parent.sizeBytes) return log;
      throw new FormatError(
        `The redo log is of ${log.sizeBytes} bytes, its parent has ${parent.sizeBytes}.`,
      );
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw invalidDisk(file.path, error.message);
    }
  }

  get parent(): Backing {
    return this.#store.parent;
  }

  /** The same content from somewhere else. No I/O may be in flight. */
  replaceParent(parent: Backing): void {
    assert(parent.sizeBytes === this.sizeBytes, 'a parent is as large as its child');
    this.#store.parent = parent;
  }

  /** Length of the log's file, in bytes: at least what it holds. */
  get fileBytes(): number {
    return this.#file.sizeBytes;
  }

  /** As ChainDisk says. The range must lie within the disk, in whole sectors. */
  submit(io: ChainIo): number {
    assert(io.offset + io.length <= this.sizeBytes, 'an I/O ends within its disk');
    const { code } = io;
    if (code === READ) return this.#read(io);
    if (this.#readOnly) return NBD_ERRORS.EPERM;
    switch (code) {
      case WRITE:
        return this.#ended(io, this.#write(io));
      case FLUSH:
        return this.#flush(io);
      case PREFETCH:
        return 0;
      case TRIM:
        return this.#ended(io, io.length < PUNCH_BYTES_MIN ? 0 : this.#walk(io));
      default:
        if (io.fastZero) return NBD_ERRORS.ENOTSUP;
        return this.#ended(io, this.#walk(io));
    }
  }

  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    const extents: StatusExtent[] = [];
    let at = offset;
    const end = offset + Math.min(length, STATUS_BYTES_MAX);
    while (at < end && extents.length < STATUS_EXTENTS_MAX) {
      const run = await this.#runAt(at, end - at);
      const found = typeof run === 'number' ? run : await this.#statusOfRun(at, run);
      if (typeof found === 'number') return extents.length > 0 ? extents : found;
      const before = at;
      for (const extent of found) {
        appendExtent(extents, extent.length, extent.flags);
        at += extent.length;
      }
      if (typeof run === 'number' || at - before < run.length) break;
    }
    return extents;
  }

  /** Makes all that was written into the log durable. */
  flush(): Promise<number> {
    return new Promise((resolve) => this.#commit.commit(resolve));
  }

  /**
   * Closes the log and its parents. What was not flushed is given up: the file may be another
   * host's by now.
   */
  async close(): Promise<void> {
    await this.closeOwn();
    await this.parent.close();
  }

  /** Closes the log alone, as `close` does. */
  async closeOwn(): Promise<void> {
    await this.#commit.idle();
    this.#file.close();
  }

  /**
   * The first bytes from `offset` on, and before `end`, that the log itself has; null when there
   * are none, or an error number.
   */
  async nextAllocated(
    offset: number,
    end: number,
  ): Promise<{ offset: number; length: number } | null | number> {
    for (let at = offset; at < end; ) {
      const run = await this.#runAt(at, end - at);
      if (typeof run === 'number') return run;
      if (run.position !== null) return { offset: at, length: this.#ownLength(at, end) };
      at += run.length;
    }
    return null;
  }

  /** What the log has itself is data, whatever it is; of all else its parent knows. */
  async zeroesFrom(offset: number, length: number): Promise<number> {
    const own = await this.nextAllocated(offset, offset + length);
    // Whoever reads there hears of the error.
    if (typeof own === 'number') return 0;
    const hole = own === null ? length : own.offset - offset;
    return hole === 0 ? 0 : ((await this.parent.zeroesFrom?.(offset, hole)) ?? 0);
  }

  #read(io: ChainIo): number {
    const { offset, length } = io;
    const run = this.#store.runAt(offset, length);
    if (run === null || run.length !== length) return this.#walk(io);
    if (run.position === null) return this.#store.parent.submit(io);
    if (length >= LATER_BYTES) return this.#walk(io);
    return this.#file.readNow(io.buffer, io.start, length, run.position);
  }

  #write(io: ChainIo): number {
    const { offset, length } = io;
    const run = this.#store.runAt(offset, length);
    if (run === null || run.length !== length || length >= LATER_BYTES) return this.#walk(io);
    if (run.position !== null) {
      return this.#file.writeNow(io.buffer, io.start, length, run.position);
    }
    this.#commitInTime();
    return this.#store.writeNew(offset, io);
  }

  /** Forced unit access waits for a commit behind the write. */
  #ended(io: ChainIo, error: number): number {
    return error === 0 && io.fua ? this.#flush(io) : error;
  }

  #flush(io: ChainIo): number {
    this.#commit.commit((error) => io.carrier?.diskDone(io, error));
    return PENDING;
  }

  #walk(io: ChainIo): number {
    if (io.code !== READ) this.#commitInTime();
    const done: Done = (error) => {
      if (error === 0 && io.fua && io.code !== READ) this.#flush(io);
      else io.carrier?.diskDone(io, error);
    };
    return new GrainWalk(this.#store, io, done).start();
  }

  /** Bounds what waits in memory, and for how long. */
  #commitInTime(): void {
    const { size } = this.#tables.dirty;
    const now = this.#clock.monotonic();
    if (size === 0) this.#dirtySince = now;
    else if (!this.#commit.running && this.#isOverdue(size, now)) {
      this.#dirtySince = now;
      // A failure leaves the tables as they are; the guest's next flush will tell.
      this.#commit.commit(() => undefined);
    }
  }

  #isOverdue(tables: number, now: number): boolean {
    return tables > DIRTY_TABLES_MAX || now - this.#dirtySince > DIRTY_MS_MAX;
  }

  async #runAt(
    offset: number,
    length: number,
  ): Promise<{ position: number | null; length: number } | number> {
    const run = this.#store.runAt(offset, length);
    if (run !== null) return run;
    const error = await new Promise<number>((resolve) => this.#store.loadAt(offset, resolve));
    return error === 0 ? this.#runAt(offset, length) : error;
  }

  async #statusOfRun(
    offset: number,
    { position, length }: { position: number | null; length: number },
  ): Promise<StatusExtent[] | number> {
    return position === null ? this.parent.blockStatus(offset, length) : [{ length, flags: 0 }];
  }

  /** How much in a row the log has itself, wherever in its file; as far as tables are in memory. */
  #ownLength(offset: number, end: number): number {
    let at = offset;
    while (at < end) {
      const run = this.#store.runAt(at, end - at);
      if (run === null || run.position === null) break;
      at += run.length;
    }
    return at - offset;
  }
}

async function readBytes(file: ExtentFile, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  if (position + length > file.sizeBytes) throw new FormatError('The redo log is cut off.');
  const error = await new Promise<number>((resolve) =>
    file.readLater({ buffer, start: 0, length, position }, resolve),
  );
  if (error !== 0) throw new FormatError(`The redo log cannot be read (errno ${error}).`);
  return buffer;
}
