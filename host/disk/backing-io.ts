// I/O on a backing by something other than a disk's chain: a layer that reads its parent, a copy.
import { assert } from '#lib/base/assert.ts';
import type { Deferral } from '#lib/filter-sdk/filter.ts';
import {
  ChainIo,
  EMPTY_BUFFER,
  FLUSH,
  type IoCarrier,
  type OperationCode,
  PENDING,
  READ,
  WRITE,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';

export interface BackingRequest {
  code: OperationCode;
  offset: number;
  length: number;
  /** Of a read or write: where the data are, from `start` on. */
  buffer?: Buffer;
  start?: number;
  fua?: boolean;
  noHole?: boolean;
}

/** Does an I/O. `done` is called with 0 or an error number, also before this returns. */
export function runIo(
  backing: Backing,
  request: BackingRequest,
  done: (error: number) => void,
): void {
  const io = new BackingIo(request, done);
  const error = backing.submit(io);
  if (error !== PENDING) done(error);
}

/** Fills the buffer from `offset` on; 0, or an error number. */
export function readBacking(backing: Backing, offset: number, buffer: Buffer): Promise<number> {
  return promised(backing, { code: READ, offset, length: buffer.length, buffer });
}

/** Writes the buffer at `offset`; 0, or an error number. */
export function writeBacking(backing: Backing, offset: number, buffer: Buffer): Promise<number> {
  return promised(backing, { code: WRITE, offset, length: buffer.length, buffer });
}

/** Writes zeroes; 0, or an error number. */
export function zeroBacking(backing: Backing, offset: number, length: number): Promise<number> {
  return promised(backing, { code: WRITE_ZEROES, offset, length });
}

function promised(backing: Backing, request: BackingRequest): Promise<number> {
  return new Promise((resolve) => runIo(backing, request, resolve));
}

class BackingIo extends ChainIo implements IoCarrier {
  readonly #done: (error: number) => void;

  constructor(request: BackingRequest, done: (error: number) => void) {
    super();
    this.code = request.code;
    this.offset = request.code === FLUSH ? 0 : request.offset;
    this.length = request.length;
    this.buffer = request.buffer ?? EMPTY_BUFFER;
    this.start = request.start ?? 0;
    this.fua = request.fua ?? false;
    this.noHole = request.noHole ?? false;
    this.carrier = this;
    this.#done = done;
  }

  diskDone(_io: ChainIo, error: number): void {
    this.#done(error);
  }

  deferralOf(): Deferral {
    return assertNever();
  }

  finished(): void {
    assertNever();
  }
}

function assertNever(): never {
  assert(false, 'an I/O below the filters crosses no chain');
}
