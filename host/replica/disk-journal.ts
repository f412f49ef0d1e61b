// The journal of one disk at a replication target: segments of records that only grow at the end
// and go at the beginning. What was reported durable survives a kill or a power failure at any
// byte; what is torn behind it is cut off when the journal is opened.
import { assert } from '#lib/base/assert.ts';
import {
  payloadBytes,
  RECORD_HEADER_BYTES,
  type RecordHeader,
} from '#lib/filter-sdk/replication-record.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFiles } from '../disk/extent-file.ts';
import { JournalIndex } from './journal-index.ts';
import { Segment, type SegmentPlace, segmentNumbers, segmentPath } from './segment.ts';

export interface JournalParts {
  files: DiskFiles;
  /** It is there. */
  directory: string;
  diskId: string;
  /** A segment that has so many bytes is followed by another. */
  segmentBytes: number;
  /** Told of each record that is in the journal, in order, also of those found at opening. */
  onRecord(header: RecordHeader, payload: Uint8Array | null): void;
}

/** Records of which the journal has lost something. */
export interface JournalDamage {
  message: string;
  /** The last good record before it, and the first behind it; 0 where there is none. */
  after: number;
  before: number;
}

interface Waiting {
  header: RecordHeader;
  bytes: Uint8Array;
}

export class DiskJournal {
  readonly index = new JournalIndex();
  readonly #parts: JournalParts;
  readonly #segments: Segment[] = [];
  /** The last record of each segment, by its number. */
  readonly #lasts = new Map<number, RecordHeader>();
  #damage: JournalDamage | null = null;
  #last = 0;
  #durable = 0;
  #waiting: Waiting[] = [];
  #pump: Promise<void> | null = null;
  #failed: Error | null = null;
  /** Of the segment that is written: behind the last durable record. */
  #durableEnd = 0;

  private constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /**
   * Opens what is there, from behind `after`: older segments have done their duty and are deleted.
   * Throws `FileFault`, `InvalidDiskFormat`.
   */
  static async open(parts: JournalParts, after: number): Promise<DiskJournal> {
    const journal = new DiskJournal(parts);
    journal.#last = after;
    const { files, directory } = parts;
    try {
      const numbers = await segmentNumbers(files, directory);
      for (const number of numbers) {
        await journal.#openSegment(number, number === numbers.at(-1), after);
      }
    } catch (thrown) {
      journal.close();
      throw thrown;
    }
    journal.#durable = journal.#last;
    journal.#durableEnd = journal.#segments.at(-1)?.sizeBytes ?? 0;
    return journal;
  }

  /** The sequence up to which all is durable. */
  get durable(): number {
    return this.#durable;
  }

  /** What was found to be broken at opening. */
  get damage(): JournalDamage | null {
    return this.#damage;
  }

  /** Nothing more is taken: a write or a sync has failed. */
  get hasFailed(): boolean {
    return this.#failed !== null;
  }

  /**
   * Begins anew behind the last durable record. What has failed may have left anything behind it,
   * and a file of which a sync has failed must be opened again (fsync(2)). Throws `FileFault`.
   */
  async recover(): Promise<void> {
    const last = this.#segments.at(-1);
    if (!this.hasFailed) return;
    if (last !== undefined) {
      const again = await Segment.open(this.#placeOf(last.number));
      if (again === null) throw this.#failed;
      await again.cut(this.#durableEnd);
      this.#segments[this.#segments.length - 1] = again;
      last.close();
    }
    this.#last = this.#durable;
    this.#failed = null;
  }

  /** All segments, in bytes. */
  get bytes(): number {
    return this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get segments(): number {
    return this.#segments.length;
  }

  /**
   * Takes a record, whose bytes must not change any more; one that is there already is passed
   * over. Throws what went wrong with an earlier one.
   */
  append(header: RecordHeader, bytes: Uint8Array): void {
    if (this.#failed !== null) throw this.#failed;
    if (header.sequence <= this.#last) return;
    this.#last = header.sequence;
    this.#waiting.push({ header, bytes });
  }

  /**
   * Resolves when all that was appended before is durable; what comes meanwhile is not waited for,
   * so that who waits for an answer has it after one sync. Rejects with `NoDiskSpace`, `FileFault`.
   */
  async sync(): Promise<void> {
    const last = this.#last;
    while (this.#durable < last && this.#failed === null) {
      this.#pump ??= this.#writeWaiting().finally(() => {
        this.#pump = null;
      });
      await this.#pump;
    }
    if (this.#failed !== null) throw this.#failed;
  }

  /** Fills the buffer from byte `skip` of the data of a record on. Throws `FileFault`. */
  async readData(record: number, skip: number, into: Uint8Array): Promise<void> {
    const { segment, position } = this.index.place(record);
    const found = this.#segments.find(({ number }) => number === segment);
    assert(found !== undefined, 'the segment of a record is there');
    await found.read(position + RECORD_HEADER_BYTES + skip, into);
  }

  /** The oldest segment but the one that is being written: its last record; null for none. */
  get oldest(): RecordHeader | null {
    const [first] = this.#segments;
    if (first === undefined || this.#segments.length < 2) return null;
    return this.#lasts.get(first.number) ?? null;
  }

  /** Looks through the oldest segment. Throws `FileFault` when a record is not as it was. */
  async readOldest(
    onRecord: (header: RecordHeader, payload: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const [first] = this.#segments;
    if (first === undefined) return;
    const headers: { header: RecordHeader; position: number }[] = [];
    const { trouble } = await first.scan(true, (header, position) => {
      headers.push({ header, position });
    });
    if (trouble !== null) {
      const path = segmentPath(this.#placeOf(first.number));
      throw new Fault('FileFault', `The journal ${path} is damaged: ${trouble}`);
    }
    for (const { header, position } of headers) {
      const payload = Buffer.allocUnsafe(payloadBytes(header));
      await first.read(position + RECORD_HEADER_BYTES, payload);
      await onRecord(header, payload);
    }
  }

  /** Deletes the oldest segment, which nobody needs any more. */
  async dropOldest(): Promise<void> {
    const first = this.#segments.shift();
    if (first === undefined) return;
    this.index.dropFirst();
    this.#lasts.delete(first.number);
    await first.remove();
  }

  /** Ends the segment that is written, so that it can be dropped. Nothing may be under way. */
  async rotate(): Promise<void> {
    await this.sync();
    await this.#pump;
    const last = this.#segments.at(-1);
    if (last === undefined || !this.#lasts.has(last.number)) return;
    const next = await Segment.create(this.#placeOf(last.number + 1));
    this.#segments.push(next);
    this.#durableEnd = next.sizeBytes;
  }

  /** Nothing may be under way. */
  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  /** All that waits, with one write and one sync for each segment that it touches. */
  async #writeWaiting(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      let begun = 0;
      while (begun < group.length) {
        const segment = await this.#openEnd();
        const room = this.#parts.segmentBytes - segment.sizeBytes;
        const end = groupEnd(group, begun, room);
        await this.#writeGroup(segment, group.slice(begun, end));
        begun = end;
      }
    } catch (thrown) {
      this.#failed = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#waiting = [];
    }
  }

  async #writeGroup(segment: Segment, group: readonly Waiting[]): Promise<void> {
    let position = segment.sizeBytes;
    await segment.append(joined(group));
    await segment.sync();
    for (const { header, bytes } of group) {
      this.#know(header, segment.number, position);
      this.#parts.onRecord(header, bytes.subarray(RECORD_HEADER_BYTES));
      position += bytes.length;
      this.#durable = header.sequence;
    }
    this.#durableEnd = position;
  }

  async #openEnd(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.sizeBytes < this.#parts.segmentBytes) return last;
    const next = await Segment.create(this.#placeOf((last?.number ?? 0) + 1));
    this.#segments.push(next);
    this.#durableEnd = next.sizeBytes;
    return next;
  }

  async #openSegment(number: number, isLast: boolean, after: number): Promise<void> {
    const place = this.#placeOf(number);
    const segment = await Segment.open(place);
    if (segment === null) {
      // The newest one can be half made; of an older one everything is lost.
      if (!isLast) this.#note(`${segmentPath(place)} has no header.`);
      await this.#parts.files.remove(segmentPath(place));
      return;
    }
    this.#segments.push(segment);
    const found: { header: RecordHeader; position: number }[] = [];
    const { trouble } = await segment.scan(isLast, (header, position) => {
      found.push({ header, position });
    });
    const newest = found.at(-1)?.header.sequence ?? 0;
    if (!isLast && newest <= after) {
      if (trouble !== null) this.#note(`${segmentPath(place)} is damaged: ${trouble}`);
      this.#segments.pop();
      await segment.remove();
      return;
    }
    for (const { header, position } of found) await this.#learn(segment, header, position);
    if (trouble === null) return;
    if (isLast) await segment.cut();
    else this.#note(`${segmentPath(place)} is damaged: ${trouble}`);
  }

  async #learn(segment: Segment, header: RecordHeader, position: number): Promise<void> {
    if (this.#damage?.before === 0) this.#damage.before = header.sequence;
    this.#know(header, segment.number, position);
    this.#last = Math.max(this.#last, header.sequence);
    let payload: Uint8Array | null = null;
    if (header.kind === 'mark') {
      payload = Buffer.alloc(payloadBytes(header));
      await segment.read(position + RECORD_HEADER_BYTES, payload);
    }
    this.#parts.onRecord(header, payload);
  }

  #know(header: RecordHeader, segment: number, position: number): void {
    this.index.add(header, segment, position);
    this.#lasts.set(segment, header);
  }

  #note(message: string): void {
    this.#damage ??= { message, after: this.#last, before: 0 };
  }

  #placeOf(number: number): SegmentPlace {
    const { files, directory, diskId } = this.#parts;
    return { files, directory, diskId, number };
  }
}

/** Behind the last of the records that go into so much room; one goes always. */
function groupEnd(group: readonly Waiting[], begin: number, room: number): number {
  let [end, bytes] = [begin, 0];
  while (end < group.length && (end === begin || bytes < room)) {
    bytes += group[end]?.bytes.length ?? 0;
    end += 1;
  }
  return end;
}

/** The bytes of the records as one; those that came in one message stand together already. */
function joined(group: readonly Waiting[]): Uint8Array {
  const runs: Uint8Array[] = [];
  let [from, to] = [0, 0];
  let buffer: ArrayBufferLike | null = null;
  const end = (): void => {
    if (buffer !== null) runs.push(new Uint8Array(buffer, from, to - from));
  };
  for (const { bytes } of group) {
    if (bytes.buffer !== buffer || bytes.byteOffset !== to) {
      end();
      buffer = bytes.buffer;
      from = bytes.byteOffset;
    }
    to = bytes.byteOffset + bytes.length;
  }
  end();
  const [only] = runs;
  return runs.length === 1 && only !== undefined ? only : Buffer.concat(runs);
}
