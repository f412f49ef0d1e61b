// The write-back log of one disk as a ring in a flash file: records go in at the head, the tail
// follows when what they hold is durable on the disk, and after kill -9 what lies between is read
// again.
import { assert } from '#lib/base/assert.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import {
  DATA,
  DATA_BYTES_MAX,
  decodeHeader,
  decodeRecord,
  encodeHeader,
  encodeRecord,
  HEADER_BYTES,
  type LogHeader,
  type LogRecord,
  RECORD_BYTES,
  RING_START,
  SKIP,
  VOID,
} from './log-format.ts';
import { makeScratch, type ScratchMemory } from './scratch-memory.ts';

/** A place between two records. */
export interface LogMark {
  /** Number of the record that follows. */
  sequence: number;
  position: number;
}

/** Called for each record that counts, oldest first. `data` is valid until it returns. */
export type Replay = (record: LogRecord, data: Uint8Array) => void;

/** The flash itself failed, as opposed to the storage. */
export class FlashFailure extends Error {}

export class FlashLog {
  readonly #file: FlashFile;
  readonly #ringBytes: number;
  #header: LogHeader;
  #head: LogMark;
  /** Appended, and known to be durable, as positions. */
  #durable: number;

  private constructor(file: FlashFile, header: LogHeader) {
    this.#file = file;
    this.#ringBytes = file.sizeBytes - RING_START;
    this.#header = header;
    this.#head = { sequence: header.sequence, position: header.position };
    this.#durable = header.position;
  }

  /** In a new file. Not to be used before `begin` has ended. */
  static make(file: FlashFile): FlashLog {
    return new FlashLog(file, { generation: 0, life: 0, sequence: 1, position: 0 });
  }

  /** Reads an old file. Throws an Error when it is no log. */
  static read(file: FlashFile, replay: Replay): FlashLog {
    const headers = [0, 1].flatMap((slot) => {
      const bytes = new Uint8Array(HEADER_BYTES);
      file.read(slot * HEADER_BYTES, bytes);
      return decodeHeader(bytes) ?? [];
    });
    const [newest] = headers.sort((a, b) => b.generation - a.generation);
    if (newest === undefined) throw new Error(`${file.id} is no write-back log, or is damaged`);
    const log = new FlashLog(file, newest);
    log.#replay(replay);
    return log;
  }

  /** Begins a life of its own, so that what an earlier one has left never counts. */
  async begin(): Promise<void> {
    const header = { ...this.#header, life: this.#header.life + 1 };
    this.#header = { ...header, generation: this.#writeHeader(header) };
    await this.sync();
  }

  /** Of the flash file. */
  get id(): string {
    return this.#file.id;
  }

  /** Where the first record that counts stands. */
  get tail(): LogMark {
    return this.#header;
  }

  get head(): LogMark {
    return this.#head;
  }

  /** Bytes that records take, and how many can be. */
  get used(): number {
    return this.#head.position - this.#header.position;
  }

  get capacity(): number {
    return this.#ringBytes;
  }

  get isDurable(): boolean {
    return this.#durable === this.#head.position;
  }

  /** Whether data of that length find room. */
  hasRoom(length: number): boolean {
    const bytes = RECORD_BYTES + length;
    return this.used + this.#skipBefore(bytes) + bytes <= this.#ringBytes;
  }

  /** Whether they do in an empty log, wherever in the ring it begins. */
  canHold(length: number): boolean {
    return 2 * (RECORD_BYTES + length) <= this.#ringBytes;
  }

  /** There must be room. Returns the record's number. Throws `FlashFailure`. */
  append(offset: number, data: Uint8Array): number {
    const { length } = data;
    const { bytes, checksum } = scratch();
    bytes.set(data, RECORD_BYTES);
    const record = {
      kind: DATA,
      offset,
      length,
      checksum: checksum(RECORD_BYTES, length),
    } as const;
    return this.#put(record, bytes.subarray(0, RECORD_BYTES + length));
  }

  /** What was appended before for that range does not count any more. As `append`. */
  appendVoid(offset: number, length: number): number {
    const record = { kind: VOID, offset, length, checksum: 0 } as const;
    return this.#put(record, scratch().bytes.subarray(0, RECORD_BYTES));
  }

  /** Makes durable all that was appended before the call. */
  async sync(): Promise<void> {
    const { position } = this.#head;
    await this.#file.sync().catch((cause: unknown) => {
      throw new FlashFailure(String(cause), { cause });
    });
    this.#durable = Math.max(this.#durable, position);
  }

  /** Gives the room before the mark back. What stood there must be durable on the disk. */
  async advance(mark: LogMark): Promise<void> {
    if (mark.position === this.#header.position) return;
    const { sequence, position } = mark;
    const generation = this.#writeHeader({ ...this.#header, sequence, position });
    this.#header = { ...this.#header, generation };
    await this.sync();
    // Only now: records may be overwritten when no header that could be found names them any more.
    this.#header = { ...this.#header, sequence, position };
  }

  close(): void {
    this.#file.close();
  }

  remove(): void {
    this.#file.remove();
  }

  #put(record: Omit<LogRecord, 'life' | 'sequence'>, bytes: Uint8Array): number {
    const skip = this.#skipBefore(bytes.length);
    assert(this.used + skip + bytes.length <= this.#ringBytes, 'the log has room for a record');
    if (skip > 0) this.#skip(skip);
    const { sequence, position } = this.#head;
    encodeRecord({ ...record, life: this.#header.life, sequence }, bytes);
    this.#write(this.#placeOf(position), bytes);
    this.#head = { sequence: sequence + 1, position: position + bytes.length };
    return sequence;
  }

  /** The rest of the ring is too short for the next record. */
  #skip(bytes: number): void {
    const { sequence, position } = this.#head;
    const record = new Uint8Array(RECORD_BYTES);
    const { life } = this.#header;
    encodeRecord({ kind: SKIP, life, sequence, offset: 0, length: 0, checksum: 0 }, record);
    this.#write(this.#placeOf(position), record);
    this.#head = { sequence: sequence + 1, position: position + bytes };
  }

  /** A record never lies in two pieces. */
  #skipBefore(bytes: number): number {
    const rest = this.#ringBytes - (this.#head.position % this.#ringBytes);
    return rest < bytes ? rest : 0;
  }

  #placeOf(position: number): number {
    return RING_START + (position % this.#ringBytes);
  }

  /** In turn into the two places, so that a torn one leaves the one before; its generation. */
  #writeHeader(header: LogHeader): number {
    const bytes = new Uint8Array(HEADER_BYTES);
    const generation = header.generation + 1;
    encodeHeader({ ...header, generation }, bytes);
    this.#write((generation % 2) * HEADER_BYTES, bytes);
    return generation;
  }

  #write(place: number, bytes: Uint8Array): void {
    try {
      this.#file.write(place, bytes);
    } catch (cause) {
      throw new FlashFailure(String(cause), { cause });
    }
  }

  #replay(replay: Replay): void {
    const { bytes: all } = scratch();
    let life = 0;
    for (;;) {
      const record = this.#readRecord(life);
      if (record === null) break;
      life = record.life;
      const { position, sequence } = this.#head;
      const data = all.subarray(RECORD_BYTES, RECORD_BYTES + record.length);
      if (record.kind !== SKIP) replay(record, record.kind === DATA ? data : new Uint8Array(0));
      const rest = this.#ringBytes - (position % this.#ringBytes);
      const bytes = record.kind === SKIP ? rest : RECORD_BYTES + dataBytes(record);
      this.#head = { sequence: sequence + 1, position: position + bytes };
    }
    // A header may be older than the records behind it, and the next life is newer than both.
    this.#header = { ...this.#header, life: Math.max(life, this.#header.life) };
  }

  /** The record at the head, its data in the scratch buffer; null when none is there. */
  #readRecord(life: number): LogRecord | null {
    const { sequence, position } = this.#head;
    const rest = this.#ringBytes - (position % this.#ringBytes);
    if (this.used + RECORD_BYTES > this.#ringBytes) return null;
    const { bytes: all, checksum } = scratch();
    const head = all.subarray(0, RECORD_BYTES);
    this.#file.read(this.#placeOf(position), head);
    const record = decodeRecord(head);
    if (record === null || record.sequence !== sequence) return null;
    if (record.life < life) return null;
    const bytes = dataBytes(record);
    if (bytes > DATA_BYTES_MAX || RECORD_BYTES + bytes > rest) return null;
    if (bytes === 0) return record;
    const data = all.subarray(RECORD_BYTES, RECORD_BYTES + bytes);
    this.#file.read(this.#placeOf(position) + RECORD_BYTES, data);
    return checksum(RECORD_BYTES, bytes) === record.checksum ? record : null;
  }
}

let shared: ScratchMemory | null = null;

/** For one record; of all logs of the process, since nothing there lasts beyond a call. */
function scratch(): ScratchMemory {
  shared ??= makeScratch(RECORD_BYTES + DATA_BYTES_MAX);
  return shared;
}

function dataBytes({ kind, length }: LogRecord): number {
  return kind === DATA ? length : 0;
}
