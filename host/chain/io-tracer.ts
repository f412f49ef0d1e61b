// The trace of a disk: every 64th I/O with the crossings of each filter, or every I/O while someone
// looks.
import type { Clock } from '#lib/base/clock.ts';
import { errnoName } from '#lib/formats/nbd/errno.ts';
import type { IoOperation, IoTraceEntry } from '#lib/model/io.ts';

const SAMPLE_EVERY = 64;
const RING_ENTRIES = 1024;
/** For so long after someone asked every I/O is traced, in milliseconds. */
const LEASE_MS = 5_000;

type Crossing = IoTraceEntry['crossings'][number];

/** An I/O being traced. */
export interface TraceRecord {
  sequence: number;
  startedAt: number;
  /** Monotonic start of the crossing that was last entered. */
  enteredAt: number;
  crossings: Crossing[];
}

export interface TracedIo {
  operation: IoOperation;
  offset: number;
  length: number;
  error: number;
}

export class IoTracer {
  readonly #clock: Clock;
  readonly #ring: (IoTraceEntry | undefined)[] = new Array(RING_ENTRIES);
  #next = 0;
  #sequence = 0;
  #everyUntil = Number.NEGATIVE_INFINITY;
  #looked = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Numbers the I/O; true when it is to be traced. One increment and two tests for most of them.
   */
  wants(): boolean {
    this.#sequence += 1;
    return this.#looked || this.#sequence % SAMPLE_EVERY === 0;
  }

  begin(): TraceRecord {
    const now = this.#clock.monotonic();
    if (now > this.#everyUntil) this.#looked = false;
    return { sequence: this.#sequence, startedAt: now, enteredAt: now, crossings: [] };
  }

  /** Starts to time a crossing. */
  enter(record: TraceRecord): void {
    record.enteredAt = this.#clock.monotonic();
  }

  /** Ends the crossing that was entered last. */
  leave(record: TraceRecord, crossing: Omit<Crossing, 'microseconds'>): void {
    const microseconds = round((this.#clock.monotonic() - record.enteredAt) * 1000);
    record.crossings.push({ ...crossing, microseconds });
  }

  /** A deferred crossing lasts until it is answered. */
  extend(record: TraceRecord): void {
    const last = record.crossings.at(-1);
    if (last) last.microseconds = round((this.#clock.monotonic() - record.enteredAt) * 1000);
  }

  finish(record: TraceRecord, io: TracedIo): void {
    this.#ring[this.#next % RING_ENTRIES] = {
      sequence: record.sequence,
      at: this.#clock.now(),
      operation: io.operation,
      offsetBytes: io.offset,
      lengthBytes: io.length,
      error: io.error === 0 ? null : errnoName(io.error),
      microseconds: round((this.#clock.monotonic() - record.startedAt) * 1000),
      crossings: record.crossings,
    };
    this.#next += 1;
  }

  /**
   * The newest entries above the given sequence, oldest first; asks for every I/O for the next
   * seconds.
   */
  read(afterSequence: number, limit: number): IoTraceEntry[] {
    this.#everyUntil = this.#clock.monotonic() + LEASE_MS;
    this.#looked = true;
    const entries: IoTraceEntry[] = [];
    const first = Math.max(0, this.#next - RING_ENTRIES);
    for (let at = this.#next - 1; at >= first && entries.length < limit; at--) {
      const entry = this.#ring[at % RING_ENTRIES];
      if (entry && entry.sequence > afterSequence) entries.push(entry);
    }
    return entries.sort((a, b) => a.sequence - b.sequence);
  }
}

function round(microseconds: number): number {
  return Math.round(microseconds * 100) / 100;
}
