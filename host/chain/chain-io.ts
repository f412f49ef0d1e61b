// One I/O on its way through a disk's chain: what filters see of it (DiskIo), and what the
// framework keeps. Objects are pooled by whoever receives the requests; nothing is allocated for an
// I/O that nobody defers.
import { assert } from '#lib/base/assert.ts';
import type { Deferral, DiskIo, DiskOperation } from '#lib/filter-sdk/filter.ts';
import type { TraceRecord } from './io-tracer.ts';

/** The operations by number, so that tables are indexed and not looked up. */
export const OPERATIONS = ['read', 'write', 'flush', 'trim', 'writeZeroes', 'prefetch'] as const;
export const READ = 0;
export const WRITE = 1;
export const FLUSH = 2;
export const TRIM = 3;
export const WRITE_ZEROES = 4;
export const PREFETCH = 5;
export type OperationCode = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * What the disk answers when it will call `diskDone` later; every other answer is an error number
 * or 0.
 */
export const PENDING = -1;

/** Who an I/O is with, so that what is deferred or pending finds back. */
export interface IoCarrier {
  /** A hook asks for the token of the I/O that it is being asked about. */
  deferralOf(io: ChainIo): Deferral;
  /** The virtual disk has ended what it answered PENDING to. */
  diskDone(io: ChainIo, error: number): void;
}

/** A token as the chain uses it (deferral-token.ts). */
export interface TakenToken {
  readonly answer: number | null;
  arm(): void;
  retire(): void;
}

const NOTHING = new Uint8Array(0);
export const EMPTY_BUFFER = Buffer.alloc(0);

export abstract class ChainIo implements DiskIo {
  code: OperationCode = READ;
  offset = 0;
  length = 0;
  fua = false;
  /** Write zeroes: the guest wants the space to stay allocated. */
  noHole = false;
  /** Write zeroes: fail with ENOTSUP rather than be slow. */
  fastZero = false;
  error = 0;
  /** The buffer with the data, from `start` on, of a read or write. */
  buffer: Buffer = EMPTY_BUFFER;
  start = 0;
  /** When the request arrived, monotonic milliseconds. */
  arrivedAt = 0;
  carrier: IoCarrier | null = null;
  /** Set below the filters: asked again by what starts late. False: the disk is another's now. */
  mayStart: (() => boolean) | null = null;
  trace: TraceRecord | null = null;
  /** Index of the filter that is being asked or was asked last, and in which direction. */
  stage = 0;
  wayOut = false;
  /** Index of the first filter that sees it: 0, or the one below the filter whose own I/O it is. */
  first = 0;
  /** The token that the hook under way has taken. */
  token: TakenToken | null = null;
  #data: Uint8Array | null = null;

  get operation(): DiskOperation {
    return OPERATIONS[this.code];
  }

  get data(): Uint8Array {
    if (this.#data !== null) return this.#data;
    const { buffer } = this;
    // No Buffer: its `slice`, by which a filter would keep a copy, is a view.
    this.#data =
      this.code <= WRITE
        ? new Uint8Array(buffer.buffer, buffer.byteOffset + this.start, this.length)
        : NOTHING;
    return this.#data;
  }

  /** To be called whenever buffer, start, length or operation changed. */
  forgetData(): void {
    this.#data = null;
  }

  defer(): Deferral {
    assert(this.carrier !== null, 'only an I/O under way can be deferred');
    return this.carrier.deferralOf(this);
  }

  /** Called when an I/O that was not done at once is done; `error` says how. */
  abstract finished(): void;
}
