// A filter's own I/O: it enters the chain below the filter, passes the filters there, and comes
// back through them alone.
import type { BelowIo } from '#lib/filter-sdk/filter.ts';
import { errnoName, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { NBD_REQUEST_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import {
  ChainIo,
  EMPTY_BUFFER,
  FLUSH,
  type OperationCode,
  READ,
  TRIM,
  WRITE,
  WRITE_ZEROES,
} from './chain-io.ts';
import type { Gate } from './gate.ts';

export interface BelowIoParts {
  gate: Gate;
  /** As it is now; a disk can grow. */
  sizeBytes(): number;
  /** Whether I/O may be done now; when not, it fails with ESHUTDOWN. */
  isServing(): boolean;
}

class OwnIo extends ChainIo {
  readonly #ended: (error: number) => void;

  constructor(ended: (error: number) => void) {
    super();
    this.#ended = ended;
  }

  finished(): void {
    this.#ended(this.error);
  }
}

interface Wanted {
  code: OperationCode;
  offset: number;
  length: number;
  buffer?: Buffer;
  fua?: boolean;
}

/** The chain, as far as a filter's own I/O needs it. */
export interface ChainBelow {
  submitBelow(io: ChainIo, index: number): boolean;
}

/** Where a filter stands in a chain. */
interface Place {
  chain: ChainBelow;
  index: number;
}

export class OwnBelowIo implements BelowIo {
  readonly #parts: BelowIoParts;
  #place: Place | null = null;

  constructor(parts: BelowIoParts) {
    this.#parts = parts;
  }

  /** To be called whenever the filter stands in another chain; the gate must be held. */
  attach(chain: ChainBelow, index: number): void {
    this.#place = { chain, index };
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#check(offset, length, NBD_REQUEST_BYTES_MAX);
    const buffer = Buffer.alloc(length);
    await this.#run({ code: READ, offset, length, buffer });
    return buffer;
  }

  async write(offset: number, data: Uint8Array, options: { fua?: boolean } = {}): Promise<void> {
    this.#check(offset, data.length, NBD_REQUEST_BYTES_MAX);
    const { fua = false } = options;
    // A copy, because filters below may change it in place.
    const buffer = Buffer.from(data);
    await this.#run({ code: WRITE, offset, length: data.length, buffer, fua });
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#check(offset, length, Number.MAX_SAFE_INTEGER);
    await this.#run({ code: WRITE_ZEROES, offset, length });
  }

  async trim(offset: number, length: number): Promise<void> {
    this.#check(offset, length, Number.MAX_SAFE_INTEGER);
    await this.#run({ code: TRIM, offset, length });
  }

  async flush(): Promise<void> {
    await this.#run({ code: FLUSH, offset: 0, length: 0 });
  }

  #check(offset: number, length: number, longest: number): void {
    const whole =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset % SECTOR_BYTES === 0 &&
      length % SECTOR_BYTES === 0;
    if (!whole) throw ioError('EINVAL', `${offset} + ${length} are not whole sectors`);
    if (length < 1) throw ioError('EINVAL', 'the range is empty');
    if (length > longest) throw ioError('EOVERFLOW', `${length} bytes are more than ${longest}`);
    const { sizeBytes } = this.#parts;
    if (offset >= 0 && offset + length <= sizeBytes()) return;
    throw ioError('EINVAL', `${offset} + ${length} is not within the disk of ${sizeBytes()} bytes`);
  }

  async #run(wanted: Wanted): Promise<void> {
    const error = await this.#parts.gate.run(() => this.#submit(wanted));
    if (error !== 0) throw ioError(errnoName(error), 'the I/O below the filter failed');
  }

  #submit({ code, offset, length, buffer = EMPTY_BUFFER, fua = false }: Wanted): Promise<number> {
    const place = this.#place;
    // A disk may have shrunk from the filter's view while it waited: a revert, for instance.
    const within = offset + length <= this.#parts.sizeBytes();
    if (place === null || !this.#parts.isServing()) return Promise.resolve(NBD_ERRORS.ESHUTDOWN);
    if (!within) return Promise.resolve(NBD_ERRORS.EINVAL);
    return new Promise((resolve) => {
      const io = new OwnIo(resolve);
      Object.assign(io, { code, offset, length, buffer, fua });
      if (place.chain.submitBelow(io, place.index)) resolve(io.error);
    });
  }
}

function ioError(name: string, why: string): Error {
  return new Error(`${name}: ${why}`);
}
