// Brings the copy up to date: reads the regions that it may not have, and sends them between the
// changes that the guest makes meanwhile. While a range is read no record gets its number, so that
// a change that the reading may have missed comes behind what was read.
import type { BelowIo, FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { ChangeOrder } from '../change-order.ts';
import type { RecordStream } from '../record-stream.ts';
import type { Range, RegionMap } from '../region-map.ts';

/** Read at once, in bytes. */
const READ_BYTES = 1024 * 1024;
/** Zeroes are looked for in pieces of this many bytes. */
const PIECE_BYTES = 64 * 1024;
/** So much may be under way to the target before more is read: the guest's changes go first. */
const UNDER_WAY_BYTES = 4 * 1024 * 1024;
/** A guest that has changed nothing for so long does not work, in milliseconds. */
const GUEST_MS = 50;
/** Beside a guest that works it rests as long as a range has taken, but no longer than this. */
const REST_MS_MAX = 200;
/** After a read that failed, in milliseconds. */
const AGAIN_MS = 5_000;
const EMPTY = new Uint8Array(0);

export interface ResyncParts {
  below: BelowIo;
  clock: FilterContext['clock'];
  order: ChangeOrder;
  stream: RecordStream;
  /** What the copy may not have. */
  toSend(): RegionMap;
  /** It was given to the daemon. */
  onSent(range: Range): void;
  onTrouble(message: string): void;
  /** All of it is durable there. */
  onDone(): void;
}

export class Resync {
  readonly #parts: ResyncParts;
  #run = 0;
  #isRunning = false;
  #skipsZeroes = false;
  #reading: Range | null = null;
  /** What is being read has changed in a way that is not sent: it must be read again. */
  #isSpoilt = false;
  /** When the guest changed something last. */
  #guestAt = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | null = null;
  #timer: FilterTimer | null = null;

  constructor(parts: ResyncParts) {
    this.#parts = parts;
  }

  /** Whether a change there is to be sent, although the region has not been sent yet. */
  isReading(offset: number, end: number): boolean {
    const reading = this.#reading;
    return reading !== null && reading.offset < end && reading.end > offset;
  }

  /** Nobody knows what has become of that range. */
  spoil(offset: number, end: number): void {
    if (this.isReading(offset, end)) this.#isSpoilt = true;
  }

  /** The guest has changed something. */
  guestWorks(): void {
    this.#guestAt = this.#parts.clock.monotonic();
  }

  /** `skipsZeroes`: the copy has nothing but zeroes yet. */
  start({ skipsZeroes }: { skipsZeroes: boolean }): void {
    this.stop();
    this.#isRunning = true;
    this.#skipsZeroes = skipsZeroes;
    void this.#work(this.#run);
  }

  stop(): void {
    this.#run += 1;
    this.#isRunning = false;
    this.#reading = null;
    this.pump();
  }

  /** Something that it waits for may have happened. */
  pump(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async #work(run: number): Promise<void> {
    const { stream, toSend, order, clock, onDone } = this.#parts;
    let place = 0;
    while (this.#run === run) {
      if (stream.bytesUnderWay > UNDER_WAY_BYTES) {
        await this.#something();
        continue;
      }
      const range = toSend().firstFrom(place, READ_BYTES);
      if (range === null) break;
      this.#reading = range;
      if (order.hasUncopied(range.offset, range.end)) {
        await this.#something();
        continue;
      }
      const begun = clock.monotonic();
      if (await this.#sendRange(run, range)) place = range.end;
      else await this.#something(AGAIN_MS);
      await this.#rest(begun);
    }
    if (this.#run !== run) return;
    this.#reading = null;
    this.#isRunning = false;
    const end = { offset: 0, end: 0, data: EMPTY };
    stream.emit({ ...end, kind: 'resyncEnd', onDurable: () => this.#run === run && onDone() });
  }

  /** False when it could not be read, and is to be tried again. */
  async #sendRange(run: number, { offset, end }: Range): Promise<boolean> {
    const { below, stream, toSend, onSent, onTrouble } = this.#parts;
    stream.pause();
    this.#isSpoilt = false;
    try {
      const data = await below.read(offset, end - offset);
      if (this.#run !== run) return true;
      if (!this.#isSpoilt) toSend().remove(offset, end);
      onSent({ offset, end });
      this.#emit(offset, data);
      return true;
    } catch (thrown) {
      if (this.#run === run) onTrouble(thrown instanceof Error ? thrown.message : String(thrown));
      return false;
    } finally {
      if (this.#run === run) this.#reading = null;
      stream.resume();
    }
  }

  #emit(offset: number, data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const isZero = isZeroes(data, at);
      let behind = at + PIECE_BYTES;
      while (behind < data.length && isZeroes(data, behind) === isZero) behind += PIECE_BYTES;
      behind = Math.min(behind, data.length);
      const range = { offset: offset + at, end: offset + behind };
      const { stream } = this.#parts;
      if (!isZero) stream.emitNow({ ...range, kind: 'write', data: data.subarray(at, behind) });
      else if (!this.#skipsZeroes) stream.emitNow({ ...range, kind: 'writeZeroes', data: EMPTY });
      at = behind;
    }
  }

  /** Something of it is still to be read or sent. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Leaves the disk and the line to a guest that works. */
  async #rest(begun: number): Promise<void> {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#guestAt > GUEST_MS) return;
    const wait = Math.min(REST_MS_MAX, Math.max(1, now - begun));
    await new Promise<void>((resolve) => clock.after(wait, resolve));
  }

  #something(atMostMs?: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (atMostMs === undefined) return;
      this.#timer = this.#parts.clock.after(atMostMs, () => this.pump());
    });
  }
}

/** One piece, or what there is of it. */
function isZeroes(data: Uint8Array, at: number): boolean {
  const end = Math.min(at + PIECE_BYTES, data.length);
  const start = data.byteOffset + at;
  if (start % 4 !== 0) return data.subarray(at, end).every((byte) => byte === 0);
  const words = new Uint32Array(data.buffer, start, Math.floor((end - at) / 4));
  for (const word of words) if (word !== 0) return false;
  return true;
}
