// For tests: a file in memory that loses what was not synced when the power fails, sector by
// sector, and that can be full.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { type ChainIo, READ, WRITE, WRITE_ZEROES } from '../../chain/chain-io.ts';
import type { Backing } from '../backing.ts';
import type { Done, ExtentFile, Transfer } from '../extent-file.ts';

const SECTOR = 512;

export class CrashFile implements ExtentFile {
  readonly path = 'memory';
  readonly punches = false;
  /** The file cannot become longer than this. */
  limitBytes = Number.MAX_SAFE_INTEGER;
  sizeBytes = 0;
  readonly #sectors: Map<number, Buffer>;
  #unsynced: { sector: number; bytes: Buffer }[] = [];
  #durable: Map<number, Buffer>;

  constructor(sectors = new Map<number, Buffer>()) {
    this.#sectors = new Map(sectors);
    this.#durable = sectors;
    for (const sector of sectors.keys()) {
      this.sizeBytes = Math.max(this.sizeBytes, (sector + 1) * SECTOR);
    }
  }

  /** The file after a power failure: what was not synced is there or not, as `keeps` says. */
  afterCrash(keeps: () => boolean): CrashFile {
    const sectors = new Map(this.#durable);
    for (const { sector, bytes } of this.#unsynced) if (keeps()) sectors.set(sector, bytes);
    return new CrashFile(sectors);
  }

  readNow(buffer: Buffer, start: number, length: number, position: number): number {
    if (position + length > this.sizeBytes) return NBD_ERRORS.EIO;
    for (let at = 0; at < length; at += SECTOR) {
      const sector = this.#sectors.get((position + at) / SECTOR);
      if (sector === undefined) buffer.fill(0, start + at, start + at + SECTOR);
      else sector.copy(buffer, start + at);
    }
    return 0;
  }

  writeNow(buffer: Buffer, start: number, length: number, position: number): number {
    if (position + length > this.limitBytes) return NBD_ERRORS.ENOSPC;
    for (let at = 0; at < length; at += SECTOR) {
      const bytes = Buffer.from(buffer.subarray(start + at, start + at + SECTOR));
      const sector = (position + at) / SECTOR;
      this.#sectors.set(sector, bytes);
      this.#unsynced.push({ sector, bytes });
    }
    this.sizeBytes = Math.max(this.sizeBytes, position + length);
    return 0;
  }

  readLater({ buffer, start, length, position }: Transfer, done: Done): void {
    setImmediate(() => done(this.readNow(buffer, start, length, position)));
  }

  writeLater({ buffer, start, length, position }: Transfer, done: Done): void {
    setImmediate(() => done(this.writeNow(buffer, start, length, position)));
  }

  sync(done: Done): void {
    const ended = this.#unsynced.length;
    setImmediate(() => {
      for (const { sector, bytes } of this.#unsynced.splice(0, ended)) {
        this.#durable.set(sector, bytes);
      }
      done(0);
    });
  }

  truncate(sizeBytes: number, done: Done): void {
    const last = Buffer.alloc(SECTOR);
    if (sizeBytes > this.sizeBytes) this.writeNow(last, 0, SECTOR, sizeBytes - SECTOR);
    setImmediate(() => done(0));
  }

  punch(_position: number, _length: number, done: (punched: boolean) => void): void {
    setImmediate(() => done(false));
  }

  reserve(_position: number, _length: number, done: (reserved: boolean) => void): void {
    setImmediate(() => done(false));
  }

  allocatedBytes(): Promise<number> {
    return Promise.resolve(this.#sectors.size * SECTOR);
  }

  close(): void {
    // Memory is not closed.
  }
}

/** A disk in memory. */
export class MemoryDisk implements Backing {
  readonly bytes: Buffer;
  /** What the next writes answer. */
  error = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  submit({ code, buffer, start, offset, length }: ChainIo): number {
    if (code === READ) this.bytes.copy(buffer, start, offset, offset + length);
    if (code !== READ && this.error !== 0) return this.error;
    if (code === WRITE) buffer.copy(this.bytes, offset, start, start + length);
    if (code === WRITE_ZEROES) this.bytes.fill(0, offset, offset + length);
    return 0;
  }

  blockStatus(_offset: number, length: number): Promise<StatusExtent[]> {
    return Promise.resolve([{ length, flags: 0 }]);
  }

  flush(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): void {
    // Memory is not closed.
  }
}
