// A virtual disk over the flat extents of a VMDK. Small reads and writes run on the calling thread,
// because a hop to another would cost more than the call; large ones, flushes and zeroes run in
// libuv's threads.
import { assert, unreachable } from '#lib/base/assert.ts';
import type { Clock } from '#lib/base/clock.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { isObjectName, type VmdkExtent } from '#lib/formats/vmdk/descriptor.ts';
import { KIB } from '#lib/model/limits.ts';
import {
  type ChainIo,
  FLUSH,
  PENDING,
  PREFETCH,
  READ,
  TRIM,
  WRITE,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';
import { readDescriptor } from '../datastore/descriptor-file.ts';
import type { Backing } from './backing.ts';
import type { DiskFiles, Done, ExtentFile } from './extent-file.ts';
import { appendExtent, fileStatus } from './files/block-status.ts';
import {
  closeExtents,
  type Extent,
  type ExtentsRequest,
  invalidDisk,
  openExtents,
} from './files/extent-table.ts';
import { TransferPace } from './files/transfer-pace.ts';
import { PUNCH_BYTES_MIN, punchOrZero, zeroLater, zeroNow } from './files/zero-range.ts';
import { systemDiskFiles } from './system-disk-files.ts';

/** From this length on zeroes leave the calling thread, in bytes. */
const ZERO_LATER_BYTES = 64 * KIB;
/**
 * Reads and writes below the first length never leave it, from the second on always; between, while
 * the file is slow.
 */
const LATER_BYTES_MIN = 64 * KIB;
const LATER_BYTES_MAX = 512 * KIB;

/** One extent's share of an I/O. */
interface Piece {
  file: ExtentFile;
  /** Offset into the I/O. */
  at: number;
  length: number;
  position: number;
}

/** Whether an extent is a file of raw bytes. */
export function isFlatFile({ type, fileName }: VmdkExtent): boolean {
  return type === 'FLAT' || (type === 'VMFS' && !isObjectName(fileName));
}

export class FlatDisk implements Backing {
  readonly sizeBytes: number;
  readonly #extents: readonly Extent[];
  readonly #only: Extent | null;
  /** Some of it lies where a call may hang. */
  readonly #mayHang: boolean;
  readonly #readPace: TransferPace;
  readonly #writePace: TransferPace;

  private constructor(extents: readonly Extent[], clock: Clock) {
    this.#readPace = new TransferPace(clock);
    this.#writePace = new TransferPace(clock);
    this.#extents = extents;
    this.#mayHang = extents.some(({ file }) => file.mayHang === true);
    this.#only = extents.length === 1 ? (extents[0] ?? null) : null;
    this.sizeBytes = extents.at(-1)?.end ?? 0;
  }

  /** Opens the disk of a descriptor. Throws `InvalidDiskFormat`, `FileNotFound` or `FileFault`. */
  static async open(
    descriptorPath: string,
    clock: Clock,
    files: DiskFiles = systemDiskFiles,
  ): Promise<FlatDisk> {
    const { extents, parentFileNameHint } = await readDescriptor(descriptorPath, files);
    if (parentFileNameHint !== null || !extents.every(isFlatFile)) {
      throw invalidDisk(descriptorPath, 'It is no flat disk.');
    }
    return FlatDisk.openExtents({ descriptorPath, extents, files, readOnly: false }, clock);
  }

  /** Opens a disk, or the part of one, that these extents make. Throws as `open` does. */
  static async openExtents(request: ExtentsRequest, clock: Clock): Promise<FlatDisk> {
    return new FlatDisk(await openExtents(request), clock);
  }

  /** As ChainDisk says. The range must lie within the disk. */
  submit(io: ChainIo): number {
    assert(io.offset + io.length <= this.sizeBytes, 'an I/O ends within its disk');
    switch (io.code) {
      case READ:
        return this.#read(io);
      case WRITE:
        return this.#write(io);
      case FLUSH:
        return this.#flush(io);
      case WRITE_ZEROES:
        return this.#writeZeroes(io);
      case TRIM:
        return this.#trim(io);
      case PREFETCH:
        return 0;
      default:
        return unreachable(io.code);
    }
  }

  /**
   * Status in base:allocation from `offset` on, for the whole length or less; or an error number.
   */
  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    const extents: StatusExtent[] = [];
    for (const piece of this.#pieces(offset, length)) {
      const found = await fileStatus(piece);
      if (typeof found === 'number') return extents.length > 0 ? extents : found;
      let covered = 0;
      for (const extent of found) {
        appendExtent(extents, extent.length, extent.flags);
        covered += extent.length;
      }
      if (covered < piece.length) break;
    }
    return extents;
  }

  /** A file that takes no space has nothing but holes. */
  async zeroesFrom(offset: number, length: number): Promise<number> {
    let known = 0;
    for (const { file, length: wanted } of this.#pieces(offset, length)) {
      if ((await file.allocatedBytes()) > 0) break;
      known += wanted;
    }
    return known;
  }

  /** Makes all that was written durable; 0, or an error number. */
  flush(): Promise<number> {
    return new Promise((resolve) => this.#sync(resolve));
  }

  /** No I/O may be in flight. */
  close(): void {
    closeExtents(this.#extents);
  }

  #read(io: ChainIo): number {
    const { length } = io;
    if (this.#mayHang) return this.#later(io, readPiece(io));
    if (length < LATER_BYTES_MIN) return this.#readNow(io);
    if (length >= LATER_BYTES_MAX || this.#readPace.isSlow()) {
      return this.#later(io, readPiece(io));
    }
    return this.#readPace.time(() => this.#readNow(io));
  }

  #readNow(io: ChainIo): number {
    const only = this.#only;
    if (only !== null) {
      return only.file.readNow(io.buffer, io.start, io.length, io.offset + only.shift);
    }
    for (const { file, at, length, position } of this.#pieces(io.offset, io.length)) {
      const error = file.readNow(io.buffer, io.start + at, length, position);
      if (error !== 0) return error;
    }
    return 0;
  }

  #write(io: ChainIo): number {
    const { length } = io;
    if (this.#mayHang && io.mayStart !== null) return this.#later(io, writePiece(io));
    if (length < LATER_BYTES_MIN) return this.#wrote(io, this.#writeNow(io));
    if (length >= LATER_BYTES_MAX || this.#writePace.isSlow()) {
      return this.#later(io, writePiece(io));
    }
    return this.#wrote(
      io,
      this.#writePace.time(() => this.#writeNow(io)),
    );
  }

  /** Forced unit access waits for the device behind the write. */
  #wrote(io: ChainIo, error: number): number {
    return error === 0 && io.fua ? this.#flush(io) : error;
  }

  #writeNow(io: ChainIo): number {
    const only = this.#only;
    if (only !== null) {
      return only.file.writeNow(io.buffer, io.start, io.length, io.offset + only.shift);
    }
    for (const { file, at, length, position } of this.#pieces(io.offset, io.length)) {
      const error = file.writeNow(io.buffer, io.start + at, length, position);
      if (error !== 0) return error;
    }
    return 0;
  }

  #writeZeroes(io: ChainIo): number {
    const punches = !io.noHole && io.length >= PUNCH_BYTES_MIN && this.#punches;
    if (io.fastZero && !punches) return NBD_ERRORS.ENOTSUP;
    if (punches) return this.#later(io, punchOrZero);
    if (io.length >= ZERO_LATER_BYTES) return this.#later(io, zeroLater);
    for (const piece of this.#pieces(io.offset, io.length)) {
      const error = zeroNow(piece);
      if (error !== 0) return error;
    }
    return io.fua ? this.#flush(io) : 0;
  }

  /** A trim is advice: where holes cannot be punched the data stay. */
  #trim(io: ChainIo): number {
    if (io.length < PUNCH_BYTES_MIN || !this.#punches) return io.fua ? this.#flush(io) : 0;
    return this.#later(io, ({ file, position, length }, done) =>
      file.punch(position, length, () => done(0)),
    );
  }

  #flush(io: ChainIo): number {
    this.#sync((error) => io.carrier?.diskDone(io, error));
    return PENDING;
  }

  /**
   * Does a piece after the other in libuv's threads, then the sync that forced unit access wants.
   */
  #later(io: ChainIo, work: (piece: Piece, done: Done) => void): number {
    const pieces = this.#pieces(io.offset, io.length);
    let next = 0;
    const step: Done = (error) => {
      const piece = pieces[next];
      next += 1;
      if (error === 0 && piece !== undefined) return work(piece, step);
      if (error === 0 && io.fua) this.#flush(io);
      else io.carrier?.diskDone(io, error);
    };
    step(0);
    return PENDING;
  }

  get #punches(): boolean {
    return this.#extents.every(({ file }) => file.punches);
  }

  #sync(done: Done): void {
    let left = this.#extents.length;
    let worst = 0;
    for (const { file } of this.#extents) {
      file.sync((error) => {
        worst = error === 0 ? worst : error;
        left -= 1;
        if (left === 0) done(worst);
      });
    }
  }

  #pieces(offset: number, length: number): Piece[] {
    const pieces: Piece[] = [];
    const end = offset + length;
    for (const extent of this.#extents) {
      const from = Math.max(offset, extent.start);
      const to = Math.min(end, extent.end);
      if (from >= to) continue;
      const position = from + extent.shift;
      pieces.push({ file: extent.file, at: from - offset, length: to - from, position });
    }
    return pieces;
  }
}

function readPiece(io: ChainIo): (piece: Piece, done: Done) => void {
  return ({ file, at, length, position }, done) =>
    file.readLater({ buffer: io.buffer, start: io.start + at, length, position }, done);
}

function writePiece(io: ChainIo): (piece: Piece, done: Done) => void {
  const guard = io.mayStart === null ? {} : { mayStart: io.mayStart };
  return ({ file, at, length, position }, done) =>
    file.writeLater({ buffer: io.buffer, start: io.start + at, length, position, ...guard }, done);
}
