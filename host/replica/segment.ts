// One file of a journal: a header of 48 bytes, then replication records one behind the other.
// Header, little endian: magic "SLJS", version 1 (u32), number of the segment (u64), the disk's id
// (SHA-256 of its text, 16 bytes), 12 bytes of zeroes, CRC-32C of these 44 bytes.
// docs/formats/journal.md.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32c } from '#lib/base/crc32c.ts';
import {
  checkPayload,
  parseRecordHeader,
  payloadBytes,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_MAX,
  RecordError,
  type RecordHeader,
} from '#lib/filter-sdk/replication-record.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFiles, ExtentFile } from '../disk/extent-file.ts';
import { step } from '../disk/files/file-steps.ts';

const HEADER_BYTES = 48;
/** "SLJS" as a little-endian number. */
const MAGIC = 0x534a4c53;
const VERSION = 1;
const CRC_AT = 44;
const NAME = /^journal-([0-9]{12})\.seg$/;
/** Read at a time while records are looked through; a record fits. */
const WINDOW_BYTES = RECORD_HEADER_BYTES + RECORD_PAYLOAD_BYTES_MAX;

export interface SegmentPlace {
  files: DiskFiles;
  directory: string;
  diskId: string;
  number: number;
}

/** What a look through a segment has found. */
export interface ScanResult {
  /** Behind the last good record, in bytes. */
  end: number;
  /** Why the records end there although the file does not; null when they do not. */
  trouble: string | null;
}

export class Segment {
  readonly number: number;
  readonly #place: SegmentPlace;
  readonly #file: ExtentFile;
  /** Behind the last record. */
  #end = HEADER_BYTES;
  #readers = 0;
  #closed = false;

  private constructor(place: SegmentPlace, file: ExtentFile) {
    this.#place = place;
    this.number = place.number;
    this.#file = file;
  }

  /** Makes an empty one, durably. Throws `NoDiskSpace` or `FileFault`. */
  static async create(place: SegmentPlace): Promise<Segment> {
    const { files, directory } = place;
    const path = segmentPath(place);
    const file = await files.open(path, 'create').catch((cause: Error) => {
      throw new Fault('FileFault', `The journal ${path} cannot be made: ${cause.message}`, {
        cause,
      });
    });
    const segment = new Segment(place, file);
    try {
      await segment.#write(headerOf(place), 0);
      await step(file, (done) => file.sync(done));
      await files.syncDirectory(directory);
    } catch (thrown) {
      segment.close();
      await files.remove(path);
      throw thrown;
    }
    return segment;
  }

  /**
   * Opens one; null when its header was never whole. Throws `InvalidDiskFormat` when it belongs to
   * something else, `FileFault`.
   */
  static async open(place: SegmentPlace): Promise<Segment | null> {
    const path = segmentPath(place);
    const file = await place.files.open(path, 'write').catch((cause: Error) => {
      throw new Fault('FileFault', `The journal ${path} cannot be opened: ${cause.message}`, {
        cause,
      });
    });
    const segment = new Segment(place, file);
    try {
      return (await segment.#hasHeader()) ? segment : null;
    } catch (thrown) {
      segment.close();
      throw thrown;
    }
  }

  /** With its header, in bytes. */
  get sizeBytes(): number {
    return this.#end;
  }

  /**
   * Calls back for each record in order, with where it begins. `withData`: the data are checked as
   * well. What comes next is written behind the last good record. Throws `FileFault`.
   */
  async scan(
    withData: boolean,
    onRecord: (header: RecordHeader, position: number) => void,
  ): Promise<ScanResult> {
    const window = Buffer.alloc(WINDOW_BYTES);
    let [start, filled] = [0, 0];
    let trouble: string | null = null;
    this.#end = HEADER_BYTES;
    while (this.#end < this.#file.sizeBytes && trouble === null) {
      const at = this.#end - start;
      const needed = neededBytes(window.subarray(Math.min(at, filled), filled), withData);
      if (needed > 0) {
        start = this.#end;
        filled = Math.min(WINDOW_BYTES, this.#file.sizeBytes - start);
        await this.read(start, window.subarray(0, filled));
      }
      trouble = this.#scanOne(window.subarray(this.#end - start, filled), withData, onRecord);
    }
    return { end: this.#end, trouble };
  }

  /** Cuts off what stands behind the last good record, or behind `end`, durably. */
  async cut(end = this.#end): Promise<void> {
    const file = this.#file;
    this.#end = end;
    await step(file, (done) => file.truncate(this.#end, done));
    await step(file, (done) => file.sync(done));
  }

  /** Writes records behind the others; they are durable after `sync`. Throws as `create`. */
  async append(records: Uint8Array): Promise<void> {
    const position = this.#end;
    await this.#write(records, position);
    this.#end = position + records.length;
  }

  async sync(): Promise<void> {
    await step(this.#file, (done) => this.#file.sync(done));
  }

  /** Fills the buffer from a position of the file. Throws `FileFault`. */
  async read(position: number, into: Uint8Array): Promise<void> {
    const buffer = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
    this.#readers += 1;
    try {
      const { length } = buffer;
      const transfer = { buffer, start: 0, length, position };
      const error = await new Promise<number>((resolve) => this.#file.readLater(transfer, resolve));
      if (error === 0) return;
      const path = segmentPath(this.#place);
      throw new Fault('FileFault', `The journal ${path} cannot be read: ${errnoName(error)}.`);
    } finally {
      this.#readers -= 1;
      if (this.#closed && this.#readers === 0) this.#file.close();
    }
  }

  /** Deletes the file; reads that are under way end well. */
  async remove(): Promise<void> {
    const { files } = this.#place;
    await files.remove(segmentPath(this.#place));
    this.close();
  }

  /** Reads that are under way end well. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#readers === 0) this.#file.close();
  }

  /** One record at the beginning of the bytes; what is wrong with it, or null. */
  #scanOne(
    bytes: Uint8Array,
    withData: boolean,
    onRecord: (header: RecordHeader, position: number) => void,
  ): string | null {
    try {
      const header = parseRecordHeader(bytes);
      const length = RECORD_HEADER_BYTES + payloadBytes(header);
      if (this.#end + length > this.#file.sizeBytes) return 'The last record is cut off.';
      if (withData) checkPayload(header, bytes.subarray(RECORD_HEADER_BYTES, length));
      onRecord(header, this.#end);
      this.#end += length;
      return null;
    } catch (thrown) {
      if (thrown instanceof RecordError) return thrown.message;
      throw thrown;
    }
  }

  async #hasHeader(): Promise<boolean> {
    const header = Buffer.alloc(HEADER_BYTES);
    if (this.#file.sizeBytes < HEADER_BYTES) return false;
    await this.read(0, header);
    if (header.readUInt32LE(CRC_AT) !== crc32c(header.subarray(0, CRC_AT))) return false;
    if (header.equals(headerOf(this.#place))) return true;
    const what = 'is of another disk, number or version';
    throw new Fault('InvalidDiskFormat', `The journal ${segmentPath(this.#place)} ${what}.`);
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const transfer = { buffer, start: 0, length: buffer.length, position };
    await step(this.#file, (done) => this.#file.writeLater(transfer, done));
  }
}

/** The numbers of the segments in a directory, in order. */
export async function segmentNumbers(files: DiskFiles, directory: string): Promise<number[]> {
  const names = await files.list(directory);
  const numbers = names.flatMap((name) => {
    const found = NAME.exec(name)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
  return numbers.sort((one, other) => one - other);
}

/** Where a segment stands. */
export function segmentPath({ directory, number }: SegmentPlace): string {
  return join(directory, `journal-${String(number).padStart(12, '0')}.seg`);
}

/** How many bytes more than there are must be read to look at a record; 0 when all are there. */
function neededBytes(bytes: Uint8Array, withData: boolean): number {
  if (bytes.length < RECORD_HEADER_BYTES) return RECORD_HEADER_BYTES - bytes.length;
  if (!withData) return 0;
  try {
    const length = RECORD_HEADER_BYTES + payloadBytes(parseRecordHeader(bytes));
    return Math.max(0, length - bytes.length);
  } catch (thrown) {
    // Whoever looks at it says what is wrong with it.
    if (thrown instanceof RecordError) return 0;
    throw thrown;
  }
}

function headerOf({ number, diskId }: SegmentPlace): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeBigUInt64LE(BigInt(number), 8);
  createHash('sha256').update(diskId).digest().copy(header, 16, 0, 16);
  header.writeUInt32LE(crc32c(header.subarray(0, CRC_AT)), CRC_AT);
  return header;
}
