// Gives the changes of a disk their numbers and hands them to the daemon in their order, and keeps
// account of each until the target has it durably. The bytes are copied here and not kept: what the
// daemon loses is read from the disk again.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import {
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_MAX,
  type RecordKind,
  writeRecord,
} from '#lib/filter-sdk/replication-record.ts';
import { markRecords, RECORDS_AT } from './messages.ts';
import type { Range } from './region-map.ts';

/**
 * What may be under way to the target for one disk, in bytes and in records. Where it is full,
 * changes are left to be read from the disk later. Twice as much is never reached by that: what is
 * under way below, or held while a range is read, may still come.
 */
const FULL_BYTES = 24 * 1024 * 1024;
const FULL_RECORDS = 49_152;
const OVERFLOW = 2;
/** Records of this many bytes go together. */
const BATCH_BYTES = 256 * 1024;
/**
 * How long records wait for others in asynchronous mode, in milliseconds: each message wakes two
 * processes, and ends with a sync at the target, which a guest's disk may share.
 */
const GATHER_MS = 5;
const EMPTY = new Uint8Array(0);

/** What is to be sent. */
export interface Outgoing extends Range {
  kind: RecordKind;
  data: Uint8Array;
  /** Called when the target has it durably; never when the stream is stopped before. */
  onDurable?: () => void;
}

interface UnderWay extends Range {
  sequence: number;
  bytes: number;
  /** When it was done, by the monotonic clock. */
  since: number;
  hasRange: boolean;
  onDurable: (() => void) | undefined;
}

export interface RecordStreamParts {
  clock: FilterContext['clock'];
  /** False when the daemon does not take it. */
  send(message: Uint8Array): boolean;
  /** Records wait for no others. */
  isPrompt(): boolean;
  session(): number;
  /** The daemon, or the target, does not keep up: the stream is to be stopped. */
  onOverflow(): void;
  /** The target will not have it: the stream is not open, or is no more. */
  onLost(range: Range): void;
}

export class RecordStream {
  readonly #parts: RecordStreamParts;
  /** The next number to be given, and the last one that may be given. */
  #next = 1;
  #limit = 0;
  #isOpen = false;
  #pauses = 0;
  /** Wait until numbers may be given again. */
  #held: Outgoing[] = [];
  #heldBytes = 0;
  /** By sequence; what is durable is passed over from the beginning on. */
  #underWay: UnderWay[] = [];
  #first = 0;
  #bytes = 0;
  #batch = EMPTY;
  #batchEnd = RECORDS_AT;
  #timer: FilterTimer | null = null;
  #isFlushing = false;
  sentBytes = 0;
  acknowledged = 0;

  constructor(parts: RecordStreamParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The last number that was given. */
  get last(): number {
    return this.#next - 1;
  }

  /** Not yet durable at the target. */
  get bytesUnderWay(): number {
    return this.#bytes + this.#heldBytes;
  }

  /** The target does not keep up: no more is to be given than must. */
  get isFull(): boolean {
    if (this.bytesUnderWay > FULL_BYTES) return true;
    return this.#underWay.length - this.#first + this.#held.length > FULL_RECORDS;
  }

  get isIdle(): boolean {
    return this.#first === this.#underWay.length && this.#held.length === 0;
  }

  /** Of the oldest that is not durable there, by the monotonic clock; null for none. */
  get oldest(): number | null {
    return this.#underWay[this.#first]?.since ?? null;
  }

  /** Numbers are given from behind `last`, up to `limit`. */
  start(last: number, limit: number): void {
    this.#next = Math.max(this.#next, last + 1);
    this.#limit = limit;
    this.#isOpen = true;
  }

  /** Numbers may be given up to this one. */
  extend(limit: number): void {
    this.#limit = limit;
    this.#release();
  }

  /** Gives no number until `resume`; calls nest. */
  pause(): void {
    this.#pauses += 1;
  }

  resume(): void {
    this.#pauses -= 1;
    this.#release();
  }

  /** Ends it, and returns all ranges that the target is not known to have. */
  stop(): Range[] {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#timer = null;
    const lost = this.#underWay.slice(this.#first).filter(({ hasRange }) => hasRange);
    const held = this.#held.filter(({ kind }) => hasRange(kind));
    this.#underWay = [];
    this.#held = [];
    this.#first = this.#bytes = this.#heldBytes = 0;
    this.#batchEnd = RECORDS_AT;
    return [...lost, ...held];
  }

  emit(outgoing: Outgoing): void {
    if (!this.#isOpen) {
      this.#lose(outgoing);
      return;
    }
    if (this.#pauses > 0 || this.#next > this.#limit || this.#held.length > 0) {
      this.#held.push(outgoing);
      this.#heldBytes += outgoing.data.length;
      return;
    }
    this.emitNow(outgoing);
  }

  /** Before those that wait. */
  emitNow({ kind, offset, end, data, onDurable }: Outgoing): void {
    const pieces = Math.max(1, Math.ceil(data.length / RECORD_PAYLOAD_BYTES_MAX));
    for (let piece = 0; piece < pieces && this.#isOpen; piece++) {
      const isLast = piece === pieces - 1;
      const skip = piece * RECORD_PAYLOAD_BYTES_MAX;
      const part = pieces === 1 ? data : data.subarray(skip, skip + RECORD_PAYLOAD_BYTES_MAX);
      const length = data.length > 0 ? part.length : end - offset;
      const range = { offset: offset + skip, end: offset + skip + length };
      this.#append(kind, range, part, isLast ? onDurable : undefined);
    }
    if (!this.#isOpen) this.#lose({ kind, offset, end, data });
  }

  /** All records up to this one are durable there. */
  durable(sequence: number): void {
    const done: (() => void)[] = [];
    for (;;) {
      const entry = this.#underWay[this.#first];
      if (entry === undefined || entry.sequence > sequence) break;
      this.#first += 1;
      this.#bytes -= entry.bytes;
      if (entry.onDurable) done.push(entry.onDurable);
      this.acknowledged = entry.sequence;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#underWay.length) {
      this.#underWay.splice(0, this.#first);
      this.#first = 0;
    }
    for (const call of done) call();
  }

  /** Sends what has been gathered. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#batchEnd === RECORDS_AT) return;
    const message = this.#batch.subarray(0, this.#batchEnd);
    this.#batchEnd = RECORDS_AT;
    markRecords(message);
    if (!this.#parts.send(message)) this.#parts.onOverflow();
  }

  #lose({ kind, offset, end }: Outgoing): void {
    if (hasRange(kind)) this.#parts.onLost({ offset, end });
  }

  #append(
    kind: RecordKind,
    { offset, end }: Range,
    data: Uint8Array,
    onDurable: (() => void) | undefined,
  ): void {
    const { clock, session } = this.#parts;
    const bytes = RECORD_HEADER_BYTES + data.length;
    const entry = { offset, end, sequence: this.#next, bytes, since: clock.monotonic(), onDurable };
    this.#next += 1;
    this.#underWay.push({ ...entry, hasRange: hasRange(kind) });
    this.#bytes += bytes;
    this.sentBytes += bytes;
    const records = this.#underWay.length - this.#first;
    if (this.#bytes > OVERFLOW * FULL_BYTES || records > OVERFLOW * FULL_RECORDS) {
      this.#parts.onOverflow();
      return;
    }
    const timeUs = Math.round(clock.now() * 1000);
    const record = { kind, session: session(), sequence: entry.sequence, timeUs, offset };
    this.#room(bytes);
    const length = kind === 'mark' ? data.length : end - offset;
    this.#batchEnd = writeRecord(this.#batch, this.#batchEnd, { ...record, length }, data);
    if (this.#batchEnd >= BATCH_BYTES) this.flush();
    else this.#flushSoon();
  }

  #room(bytes: number): void {
    if (this.#batchEnd + bytes <= this.#batch.length) return;
    this.flush();
    const wanted = RECORDS_AT + Math.max(bytes, BATCH_BYTES);
    if (this.#batch.length < wanted) this.#batch = new Uint8Array(wanted);
  }

  #flushSoon(): void {
    if (this.#parts.isPrompt()) {
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      queueMicrotask(() => {
        this.#isFlushing = false;
        this.flush();
      });
      return;
    }
    this.#timer ??= this.#parts.clock.after(GATHER_MS, () => {
      this.#timer = null;
      this.flush();
    });
  }

  #release(): void {
    while (this.#held.length > 0 && this.#pauses === 0 && this.#next <= this.#limit) {
      if (!this.#isOpen) return;
      const outgoing = this.#held.shift();
      if (outgoing === undefined) return;
      this.#heldBytes -= outgoing.data.length;
      this.emitNow(outgoing);
    }
  }
}

function hasRange(kind: RecordKind): boolean {
  return kind === 'write' || kind === 'trim' || kind === 'writeZeroes';
}
