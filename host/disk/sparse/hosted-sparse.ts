// A hosted sparse extent (KDMV), or a streamOptimized one, as a backing that is only read: disks
// made by other programs. Grains that it does not have come from the parent.

import { FormatError } from '#lib/formats/format-error.ts';
import { STATE_HOLE, STATE_ZERO } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { type ChainIo, PENDING, READ, TRIM, WRITE, WRITE_ZEROES } from '../../chain/chain-io.ts';
import type { Backing } from '../backing.ts';
import { readBacking } from '../backing-io.ts';
import type { ExtentFile } from '../extent-file.ts';
import { appendExtent } from '../files/block-status.ts';
import { invalidDisk } from '../files/extent-table.ts';
import { GrainReader, SparseReadError } from './grain-reader.ts';

/** Grains looked at for one answer about the block status. */
const STATUS_GRAINS_MAX = 16_384;

export interface HostedSparseParts {
  file: ExtentFile;
  /** Who has the grains that the extent does not, and where there the extent begins. */
  parent: Backing;
  parentShift: number;
  /** Length in the descriptor. */
  sizeBytes: number;
}

export class HostedSparse implements Backing {
  readonly sizeBytes: number;
  readonly #parts: HostedSparseParts;
  readonly #reader: GrainReader;

  private constructor(parts: HostedSparseParts, reader: GrainReader) {
    this.#parts = parts;
    this.#reader = reader;
    this.sizeBytes = parts.sizeBytes;
  }

  /** Opens an extent whose file is open. Throws `InvalidDiskFormat`. */
  static async open(parts: HostedSparseParts): Promise<HostedSparse> {
    const { file, sizeBytes } = parts;
    try {
      const reader = await GrainReader.open(file);
      if (reader.header.capacitySectors * SECTOR_BYTES >= sizeBytes) {
        return new HostedSparse(parts, reader);
      }
      throw new FormatError('The sparse extent is smaller than the descriptor says.');
    } catch (error) {
      if (error instanceof FormatError || error instanceof SparseReadError) {
        throw invalidDisk(file.path, error.message);
      }
      throw error;
    }
  }

  submit(io: ChainIo): number {
    if (io.code === WRITE || io.code === WRITE_ZEROES || io.code === TRIM) return NBD_ERRORS.EPERM;
    if (io.code !== READ) return 0;
    const into = io.buffer.subarray(io.start, io.start + io.length);
    void this.#fill(io.offset, into).then((error) => io.carrier?.diskDone(io, error));
    return PENDING;
  }

  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    const extents: StatusExtent[] = [];
    let at = offset;
    for (let grains = 0; grains < STATUS_GRAINS_MAX && at < offset + length; grains++) {
      const part = Math.min(this.#leftInGrain(at), offset + length - at);
      const found = await this.#statusAt(at, part);
      if (typeof found === 'number') return extents.length > 0 ? extents : found;
      let covered = 0;
      for (const extent of found) {
        appendExtent(extents, extent.length, extent.flags);
        covered += extent.length;
      }
      if (covered < part) break;
      at += part;
    }
    return extents;
  }

  /** As `blockStatus` has it for grains: those of a parent are the parent's to know. */
  async zeroesFrom(offset: number, length: number): Promise<number> {
    const { grainBytes } = this.#reader;
    const { parent, parentShift } = this.#parts;
    let known = 0;
    try {
      for (let grains = 0; grains < STATUS_GRAINS_MAX && known < length; grains++) {
        const at = offset + known;
        const wanted = Math.min(this.#leftInGrain(at), length - known);
        const place = await this.#reader.placeOf(Math.floor(at / grainBytes));
        const below = place === 'parent';
        const found = below ? ((await parent.zeroesFrom?.(at + parentShift, wanted)) ?? 0) : wanted;
        if (place !== 'zero' && !below) break;
        known += found;
        if (found < wanted) break;
      }
      return known;
    } catch (error) {
      // Whoever reads there hears of it.
      if (error instanceof SparseReadError) return known;
      throw error;
    }
  }

  flush(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): void {
    this.#parts.file.close();
  }

  async #fill(offset: number, into: Buffer): Promise<number> {
    try {
      for (let done = 0; done < into.length; ) {
        const part = Math.min(this.#leftInGrain(offset + done), into.length - done);
        const error = await this.#fillPart(offset + done, into.subarray(done, done + part));
        if (error !== 0) return error;
        done += part;
      }
      return 0;
    } catch (error) {
      if (error instanceof SparseReadError) return error.errno;
      if (error instanceof FormatError) return NBD_ERRORS.EIO;
      throw error;
    }
  }

  async #fillPart(offset: number, into: Buffer): Promise<number> {
    const { grainBytes } = this.#reader;
    const place = await this.#reader.placeOf(Math.floor(offset / grainBytes));
    if (place === 'zero') {
      into.fill(0);
      return 0;
    }
    const { parent, parentShift } = this.#parts;
    if (place === 'parent') return readBacking(parent, offset + parentShift, into);
    await this.#reader.read(place.sector, offset % grainBytes, into);
    return 0;
  }

  async #statusAt(offset: number, length: number): Promise<StatusExtent[] | number> {
    try {
      const place = await this.#reader.placeOf(Math.floor(offset / this.#reader.grainBytes));
      if (place === 'zero') return [{ length, flags: STATE_ZERO | STATE_HOLE }];
      const { parent, parentShift } = this.#parts;
      if (place === 'parent') return parent.blockStatus(offset + parentShift, length);
      return [{ length, flags: 0 }];
    } catch (error) {
      if (error instanceof SparseReadError) return error.errno;
      throw error;
    }
  }

  #leftInGrain(offset: number): number {
    return this.#reader.grainBytes - (offset % this.#reader.grainBytes);
  }
}
