// What goes past the write-back log to the storage: trims, what is too long for a record, and long
// streams. After what is dirty below it, and with a word in the log first, so that replaying the
// log never brings back what it has overwritten.
import type { Mutex } from '#lib/base/mutex.ts';
import { type Deferral, type DiskIo, EIO, type FilterContext } from '#lib/filter-sdk/filter.ts';
import type { DirtyData } from './dirty-data.ts';
import { FlashFailure } from './flash-log.ts';
import { PassingRanges } from './passing-ranges.ts';
import { WriteStreams } from './write-streams.ts';

export interface PastLogParts {
  dirty(): DirtyData | null;
  /** What works on the log, one at a time. */
  jobs: Mutex;
  log: FilterContext['log'];
  /** Bytes of a stream of writes that the log takes; null when it takes all. */
  streamBytes(): number | null;
  /** The flash has failed; resolves when all is on the disk instead. */
  onFlashFailure(thrown: unknown): Promise<void>;
  /** Resolves when all that the log says is durable. */
  makeDurable(): Promise<void>;
  /** A change is about to be passed on. */
  onPass(io: DiskIo): void;
  /** Ranges are free again without an I/O having ended. */
  onFree(): void;
}

export class PastLog {
  readonly #parts: PastLogParts;
  readonly #passing = new PassingRanges();
  readonly #streams = new WriteStreams();

  constructor(parts: PastLogParts) {
    this.#parts = parts;
  }

  /** Whether something on its way may still change a part of the range. */
  touch(io: DiskIo): boolean {
    return this.#passing.touch(io);
  }

  ended(io: DiskIo): void {
    this.#passing.ended(io);
  }

  /** To be asked once for each I/O: whether it belongs to a long stream. */
  isStream(io: DiskIo): boolean {
    const longest = this.#parts.streamBytes();
    return longest !== null && this.#streams.isLong(io, longest);
  }

  /** True when it goes down at once, for nothing is dirty there; else nothing was done. */
  passAtOnce(io: DiskIo): boolean {
    const dirty = this.#parts.dirty();
    if (dirty === null || io.fua || !dirty.isClean(io.offset, io.length)) return false;
    if (dirty.log.used > 0) {
      if (!dirty.log.hasRoom(0)) return false;
      try {
        dirty.makeVoid(io.offset, io.length);
      } catch (thrown) {
        void this.#parts.onFlashFailure(thrown);
        return false;
      }
    }
    this.#passing.add(io);
    this.#parts.onPass(io);
    return true;
  }

  /** Goes down when what is dirty there has. */
  passLater(io: DiskIo, token: Deferral): void {
    const { jobs, onFlashFailure, makeDurable, onPass, log, onFree } = this.#parts;
    const range = this.#passing.add(io);
    const work = jobs.run(async () => {
      const dirty = this.#parts.dirty();
      if (dirty === null) return;
      await dirty.roundFor(range.start, range.length);
      while (!dirty.log.hasRoom(0)) await dirty.round(0);
      dirty.makeVoid(range.start, range.length);
    });
    const orAside = work.catch((thrown: unknown) => {
      if (thrown instanceof FlashFailure) return onFlashFailure(thrown);
      throw thrown;
    });
    // Outside of the jobs: what waits for a mirror may need one of them.
    const orDurable = orAside.then(() => (io.fua ? makeDurable() : undefined));
    orDurable.then(
      () => {
        onPass(io);
        token.pass();
      },
      (thrown: unknown) => {
        log('error', `What is dirty could not be written: ${thrown}`);
        this.#passing.remove(range);
        token.fail(EIO);
        onFree();
      },
    );
  }
}
