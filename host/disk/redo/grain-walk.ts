// One I/O on a redo log that is not a single run of sectors in memory's tables: it goes from run to
// run, loads tables, asks the parent, and leaves this thread for what is large or slow.
import { type ChainIo, PENDING, READ, TRIM, WRITE } from '../../chain/chain-io.ts';
import { runIo } from '../backing-io.ts';
import type { Done } from '../extent-file.ts';
import { PUNCH_BYTES_MIN, punchOrZero, zeroLater, zeroNow } from '../files/zero-range.ts';
import type { GrainRun, GrainStore } from './grain-store.ts';

/**
 * Runs done on this thread for one I/O before one is sent to another, so that others get a turn.
 */
const NOW_RUNS_MAX = 64;
/** A run from this length on leaves this thread, in bytes. */
const NOW_BYTES_MAX = 64 * 1024;

/** Where the I/O lies and whom to ask below. */
export class GrainWalk {
  readonly #store: GrainStore;
  readonly #io: ChainIo;
  readonly #done: Done;
  /** Bytes of the I/O that are done. */
  #at = 0;
  #nowRuns = 0;

  constructor(store: GrainStore, io: ChainIo, done: Done) {
    this.#store = store;
    this.#io = io;
    this.#done = done;
  }

  /** 0 or an error number, or PENDING: then `done` will be called. */
  start(): number {
    return this.#goOn();
  }

  #goOn(): number {
    const { offset, length } = this.#io;
    while (this.#at < length) {
      const run = this.#store.runAt(offset + this.#at, length - this.#at);
      const error = run === null ? this.#load() : this.#doRun(run);
      if (error !== 0) return error;
      if (run !== null) this.#at += run.length;
    }
    return 0;
  }

  /** Takes up again after something that was PENDING. */
  #resume(error: number, bytes: number): void {
    this.#at += bytes;
    this.#nowRuns = 0;
    const result = error === 0 ? this.#goOn() : error;
    if (result !== PENDING) this.#done(result);
  }

  #load(): number {
    this.#store.loadAt(this.#io.offset + this.#at, (error) => this.#resume(error, 0));
    return PENDING;
  }

  #doRun(run: GrainRun): number {
    switch (this.#io.code) {
      case READ:
        return this.#read(run);
      case WRITE:
        return this.#write(run);
      case TRIM:
        return this.#trim(run);
      default:
        return this.#zero(run);
    }
  }

  #read(run: GrainRun): number {
    const { buffer, offset } = this.#io;
    const { length } = run;
    const start = this.#io.start + this.#at;
    if (run.position === null) return this.#readParent(offset + this.#at, start, length);
    const { file } = this.#store;
    if (this.#staysHere(length)) return file.readNow(buffer, start, length, run.position);
    file.readLater({ buffer, start, length, position: run.position }, (error) =>
      this.#resume(error, length),
    );
    return PENDING;
  }

  #readParent(offset: number, start: number, length: number): number {
    let answer: number | null = null;
    let left = false;
    const request = { code: READ, offset, length, buffer: this.#io.buffer, start } as const;
    runIo(this.#store.parent, request, (error) => {
      answer = error;
      if (left) this.#resume(error, length);
    });
    left = true;
    return answer ?? PENDING;
  }

  #write(run: GrainRun): number {
    const { buffer } = this.#io;
    const { file } = this.#store;
    const { length } = run;
    const start = this.#io.start + this.#at;
    const place = this.#store.placeFor(this.#io.offset + this.#at, run, false);
    if (typeof place === 'number') return place;
    const { position } = place;
    if (this.#staysHere(length))
      return place.settle(file.writeNow(buffer, start, length, position));
    file.writeLater({ buffer, start, length, position }, (error) =>
      this.#resume(place.settle(error), length),
    );
    return PENDING;
  }

  /** Zeroes of its own hide what the parent has; fresh sectors of the file are zeroes already. */
  #zero(run: GrainRun): number {
    const { length } = run;
    const { file } = this.#store;
    const asHole = !this.#io.noHole && length >= NOW_BYTES_MAX;
    const place = this.#store.placeFor(this.#io.offset + this.#at, run, asHole);
    if (typeof place === 'number') return place;
    const { position } = place;
    const isFresh = asHole && run.position === null;
    if (isFresh) return place.settle(this.#store.extend(position + length));
    const range = { file, position, length };
    if (this.#staysHere(length)) return place.settle(zeroNow(range));
    const zero = asHole && length >= PUNCH_BYTES_MIN && file.punches ? punchOrZero : zeroLater;
    zero(range, (error) => this.#resume(place.settle(error), length));
    return PENDING;
  }

  /** Only what the log itself has in one large piece is worth freeing. */
  #trim({ position, length }: GrainRun): number {
    const { file } = this.#store;
    if (position === null || length < PUNCH_BYTES_MIN || !file.punches) return 0;
    file.punch(position, length, () => this.#resume(0, length));
    return PENDING;
  }

  #staysHere(length: number): boolean {
    if (length >= NOW_BYTES_MAX || this.#nowRuns >= NOW_RUNS_MAX) return false;
    this.#nowRuns += 1;
    return true;
  }
}
