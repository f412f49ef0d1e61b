// A disk in two places while its data move from one to the other. A cursor copies region by region
// from the source to the target; a write behind the cursor goes to both, one before it to the
// source alone, and one in the region that is being copied waits for that. Writes that overlap go
// one after the other, or the two places could end with different ones of them. When the cursor is
// at the end, both are equal and stay so, and the disk can change over in the blink of a flush. An
// error of the target ends the mirror and leaves the guest at the source.
import { assert } from '#lib/base/assert.ts';
import { errnoName, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';
import { type ChainIo, PENDING, TRIM, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';
import { runIo } from './backing-io.ts';
import { copyRange, nextTurn, type RangeCopier } from './copy-range.ts';

/** What is copied, and kept from the guest's writes, at a time, in bytes. */
const REGION_BYTES = 1024 * 1024;

export interface MirrorParts {
  source: Backing;
  target: Backing;
  /** The target reads as zeroes everywhere, so that zeroes need not be copied. */
  targetIsZero: boolean;
  /** The target failed; from now on all I/O is the source's alone. */
  onBroken?: (errno: number) => void;
  /** Copies a region in another way than reading all of it. */
  copier?: RangeCopier;
}

export interface CopyOptions {
  signal?: AbortSignal;
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

interface Range {
  start: number;
  end: number;
}

export class MirrorBacking implements Backing {
  readonly #parts: MirrorParts;
  /** Everything before it is equal in both places, but for writes under way. */
  #cursor = 0;
  /** The region that is being copied. */
  #region: Range | null = null;
  #state: 'mirroring' | 'broken' | 'aborted' = 'mirroring';
  #brokenBy = 0;
  #copying = false;
  readonly #writing = new Set<Range>();
  /** I/Os that wait for the region, or for a write that they overlap. */
  #waiting: ChainIo[] = [];
  /** Called when a write has ended. */
  #onWritten: (() => void) | null = null;

  constructor(parts: MirrorParts) {
    assert(parts.source.sizeBytes === parts.target.sizeBytes, 'both places are equally large');
    this.#parts = parts;
  }

  get sizeBytes(): number {
    return this.#parts.source.sizeBytes;
  }

  /** Whether both places are equal. */
  get copied(): boolean {
    return this.#state === 'mirroring' && this.#cursor === this.sizeBytes;
  }

  get broken(): boolean {
    return this.#state === 'broken';
  }

  submit(io: ChainIo): number {
    const changes = io.code === WRITE || io.code === WRITE_ZEROES || io.code === TRIM;
    if (!changes || this.#state !== 'mirroring') return this.#parts.source.submit(io);
    // A trim is advice, and what it leaves could differ in the two places.
    if (io.code === TRIM) return 0;
    if (io.fastZero) return NBD_ERRORS.ENOTSUP;
    if (!this.#mustWait(rangeOf(io))) return this.#write(io);
    this.#waiting.push(io);
    return PENDING;
  }

  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    return this.#parts.source.blockStatus(offset, length);
  }

  /** The source's; the target is flushed when the disk changes over. */
  flush(): Promise<number> {
    return this.#parts.source.flush();
  }

  /** Closes neither place: who made them knows which of them stays. */
  close(): void {
    assert(!this.#copying, 'a mirror closes when its copy has ended');
  }

  /**
   * Copies everything, once. Resolves with the bytes written when both places are equal. Throws
   * `RequestCanceled`, `NoDiskSpace` or `FileFault`; then the guest goes on at the source alone.
   */
  async copy({ signal, onProgress }: CopyOptions = {}): Promise<number> {
    assert(!this.#copying && this.#cursor === 0, 'a mirror copies once');
    this.#copying = true;
    let bytes = 0;
    try {
      while (this.#cursor < this.sizeBytes) {
        this.#requireWhole(signal);
        bytes += await this.#copyRegion();
        onProgress?.(this.#cursor, this.sizeBytes);
        await nextTurn();
      }
      this.#requireWhole(signal);
      return bytes;
    } catch (thrown) {
      if (this.#state === 'mirroring') this.#state = 'aborted';
      throw thrown;
    } finally {
      this.#copying = false;
      this.#leaveRegion();
    }
  }

  /**
   * Makes the target durable, so that it can take over. No I/O may be in flight. Throws `FileFault`
   * or `NoDiskSpace`; then the source stays.
   */
  async finish(): Promise<void> {
    assert(this.#state !== 'mirroring' || this.copied, 'only what is copied can take over');
    this.#requireWhole(undefined);
    const error = await this.#parts.target.flush();
    if (error === 0) return;
    this.#break(error);
    throw targetFault(error);
  }

  /** The guest goes on at the source alone, and a copy under way ends with `RequestCanceled`. */
  abort(): void {
    if (this.#state === 'mirroring') this.#state = 'aborted';
  }

  #write(io: ChainIo): number {
    const range = rangeOf(io);
    const mirrored = range.start < this.#cursor;
    this.#writing.add(range);
    let left = mirrored ? 2 : 1;
    let answer = 0;
    let returned = false;
    const ended = (): void => {
      left -= 1;
      if (left > 0) return;
      this.#writing.delete(range);
      this.#onWritten?.();
      if (returned) io.carrier?.diskDone(io, answer);
      if (this.#waiting.length > 0) this.#tryWaiting();
    };
    const { source, target } = this.#parts;
    const { code, offset, length, buffer, start, fua, noHole } = io;
    const request = { code, offset, length, buffer, start, noHole };
    runIo(source, { ...request, fua }, (error) => {
      answer = error;
      ended();
    });
    if (mirrored) {
      runIo(target, request, (error) => {
        if (error !== 0) this.#break(error);
        ended();
      });
    }
    returned = true;
    return left === 0 ? answer : PENDING;
  }

  async #copyRegion(): Promise<number> {
    const { source, target, targetIsZero, copier = copyRange } = this.#parts;
    const end = Math.min(this.#cursor + REGION_BYTES, this.sizeBytes);
    const region = { start: this.#cursor, end };
    this.#region = region;
    await this.#writesOutOf(region);
    const length = end - region.start;
    const copied = await copier({ source, target, offset: region.start, length, targetIsZero });
    if (copied.sourceError !== 0) throw sourceFault(copied.sourceError);
    if (copied.targetError !== 0) {
      this.#break(copied.targetError);
      throw targetFault(copied.targetError);
    }
    this.#cursor = end;
    this.#leaveRegion();
    return copied.bytes;
  }

  /** Waits until no write that began before is under way in the region. */
  async #writesOutOf(region: Range): Promise<void> {
    while ([...this.#writing].some((range) => overlap(range, region))) {
      await new Promise<void>((resolve) => {
        this.#onWritten = resolve;
      });
    }
    this.#onWritten = null;
  }

  #mustWait(range: Range): boolean {
    if (this.#region !== null && overlap(this.#region, range)) return true;
    for (const other of this.#writing) if (overlap(other, range)) return true;
    return false;
  }

  #leaveRegion(): void {
    this.#region = null;
    this.#tryWaiting();
  }

  #tryWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const io of waiting) {
      const error = this.submit(io);
      if (error !== PENDING) io.carrier?.diskDone(io, error);
    }
  }

  #break(error: number): void {
    if (this.#state !== 'mirroring') return;
    this.#state = 'broken';
    this.#brokenBy = error;
    this.#parts.onBroken?.(error);
  }

  #requireWhole(signal: AbortSignal | undefined): void {
    if (this.#state === 'broken') throw targetFault(this.#brokenBy);
    if (this.#state === 'mirroring' && !signal?.aborted) return;
    throw new Fault('RequestCanceled', 'The copy of the virtual disk was cancelled.');
  }
}

function rangeOf({ offset, length }: ChainIo): Range {
  return { start: offset, end: offset + length };
}

function overlap(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

export function sourceFault(error: number): Fault {
  return new Fault('FileFault', `The virtual disk cannot be read: ${errnoName(error)}.`);
}

export function targetFault(error: number): Fault {
  const name = errnoName(error);
  if (error === NBD_ERRORS.ENOSPC) {
    return new Fault('NoDiskSpace', 'The datastore that the virtual disk is copied to is full.');
  }
  return new Fault('FileFault', `The copy of the virtual disk cannot be written: ${name}.`);
}
