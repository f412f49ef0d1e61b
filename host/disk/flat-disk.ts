// A virtual disk over the flat extents of a VMDK. Small reads and writes run on the calling thread,
// because a hop to another would cost more than the call; large ones, flushes and zeroes run in
// libuv's threads.
import { assert, unreachable } from '#lib/base/assert.ts';
import type { Clock } from '#lib/base/clock.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
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
import { appendExtent, fileStatus } from './block-status.ts';
import { closeExtents, type Extent, openExtents } from './extent-table.ts';
import { type Done, readLater, readNow, writeLater, writeNow } from './file-io.ts';
import { SyncGroup } from './sync-group.ts';
import { TransferPace } from './transfer-pace.ts';
import { HolePuncher, PUNCH_BYTES_MIN, zeroLater, zeroNow } from './zero-range.ts';

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
  fd: number;
  /** Offset into the I/O. */
  at: number;
  length: number;
  position: number;
}

export class FlatDisk {
  readonly sizeBytes: number;
  readonly #extents: readonly Extent[];
  readonly #only: Extent | null;
  readonly #sync: SyncGroup;
  readonly #puncher = new HolePuncher();
  readonly #readPace: TransferPace;
  readonly #writePace: TransferPace;

  private constructor(extents: readonly Extent[], clock: Clock) {
    this.#readPace = new TransferPace(clock);
    this.#writePace = new TransferPace(clock);
    this.#extents = extents;
    this.#only = extents.length === 1 ? (extents[0] ?? null) : null;
    this.sizeBytes = extents.at(-1)?.end ?? 0;
    this.#sync = new SyncGroup(extents.map(({ fd }) => fd));
  }

  /** Opens the disk of a descriptor. Throws `InvalidDiskFormat`, `FileNotFound` or `FileFault`. */
  static async open(descriptorPath: string, clock: Clock): Promise<FlatDisk> {
    const descriptor = await readDescriptor(descriptorPath);
    return new FlatDisk(openExtents(descriptorPath, descriptor), clock);
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

  /** Makes all that was written durable; 0, or an error number. */
  flush(): Promise<number> {
    return new Promise((resolve) => this.#sync.sync(resolve));
  }

  /** No I/O may be in flight. */
  close(): void {
    closeExtents(this.#extents);
  }

  #read(io: ChainIo): number {
    const { length } = io;
    if (length < LATER_BYTES_MIN) return this.#readNow(io);
    if (length >= LATER_BYTES_MAX || this.#readPace.isSlow()) {
      return this.#later(io, readPiece(io));
    }
    return this.#readPace.time(() => this.#readNow(io));
  }

  #readNow(io: ChainIo): number {
    const only = this.#only;
    if (only !== null) {
      const { buffer, start, length } = io;
      return readNow({ fd: only.fd, buffer, start, length, position: io.offset + only.shift });
    }
    for (const { fd, at, length, position } of this.#pieces(io.offset, io.length)) {
      const error = readNow({ fd, buffer: io.buffer, start: io.start + at, length, position });
      if (error !== 0) return error;
    }
    return 0;
  }

  #write(io: ChainIo): number {
    const { length } = io;
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
      const { buffer, start, length } = io;
      return writeNow({ fd: only.fd, buffer, start, length, position: io.offset + only.shift });
    }
    for (const { fd, at, length, position } of this.#pieces(io.offset, io.length)) {
      const error = writeNow({ fd, buffer: io.buffer, start: io.start + at, length, position });
      if (error !== 0) return error;
    }
    return 0;
  }

  #writeZeroes(io: ChainIo): number {
    const punches = !io.noHole && io.length >= PUNCH_BYTES_MIN && this.#puncher.works;
    if (io.fastZero && !punches) return NBD_ERRORS.ENOTSUP;
    if (punches) return this.#later(io, this.#punchPiece());
    if (io.length >= ZERO_LATER_BYTES) return this.#later(io, zeroLater);
    for (const piece of this.#pieces(io.offset, io.length)) {
      const error = zeroNow(piece);
      if (error !== 0) return error;
    }
    return io.fua ? this.#flush(io) : 0;
  }

  /** A trim is advice: where holes cannot be punched the data stay. */
  #trim(io: ChainIo): number {
    if (io.length < PUNCH_BYTES_MIN || !this.#puncher.works) return io.fua ? this.#flush(io) : 0;
    return this.#later(io, (piece, done) => this.#puncher.punch(piece, () => done(0)));
  }

  #flush(io: ChainIo): number {
    this.#sync.sync((error) => io.carrier?.diskDone(io, error));
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

  #punchPiece(): (piece: Piece, done: Done) => void {
    return (piece, done) =>
      this.#puncher.punch(piece, (punched) => (punched ? done(0) : zeroLater(piece, done)));
  }

  #pieces(offset: number, length: number): Piece[] {
    const pieces: Piece[] = [];
    const end = offset + length;
    for (const extent of this.#extents) {
      const from = Math.max(offset, extent.start);
      const to = Math.min(end, extent.end);
      if (from >= to) continue;
      const position = from + extent.shift;
      pieces.push({ fd: extent.fd, at: from - offset, length: to - from, position });
    }
    return pieces;
  }
}

function readPiece(io: ChainIo): (piece: Piece, done: Done) => void {
  return ({ fd, at, length, position }, done) =>
    readLater({ fd, buffer: io.buffer, start: io.start + at, length, position }, done);
}

function writePiece(io: ChainIo): (piece: Piece, done: Done) => void {
  return ({ fd, at, length, position }, done) =>
    writeLater({ fd, buffer: io.buffer, start: io.start + at, length, position }, done);
}
