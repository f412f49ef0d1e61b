// Looks for blocks of zeroes in what the guest writes. A long run becomes a request to zero the
// range, of which the disk makes a hole; a shorter one is not written where the disk reads as
// zeroes already. The rest of such a write is written by the filter itself, and the guest is
// answered when all parts are done.
import {
  DEFER,
  type Deferral,
  type DiskIo,
  EIO,
  ENOSPC,
  ESHUTDOWN,
  type FilterContext,
  type FilterLifecycle,
  type IoError,
  type PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { compressedSize } from './compressed-size.ts';
import { cut, type Run } from './runs.ts';

const KIB = 1024;
/** From this length on the disk below makes a hole where it is asked for zeroes. */
const HOLE_BYTES_MIN = 1024 * KIB;

export class ZeroDetector implements FilterLifecycle {
  readonly #below: FilterContext['below'];
  #minimum = 0;
  #sampling = 0;
  #untilSample = 1;
  #zeroes = 0;
  #skipped = 0;
  #writtenBytes = 0;
  #sampledIn = 0;
  #sampledOut = 0;

  constructor({ below, properties }: FilterContext) {
    this.#below = below;
    this.setProperties(properties);
  }

  setProperties({ minimumKib, sampling }: PropertyValues): void {
    this.#minimum = (typeof minimumKib === 'number' ? minimumKib : 4) * KIB;
    this.#sampling = typeof sampling === 'number' ? sampling : 0;
    this.#untilSample = 1;
  }

  write(io: DiskIo): typeof DEFER | undefined {
    this.#writtenBytes += io.length;
    if (this.#sampling > 0) this.#sample(io);
    if (io.length < this.#minimum) return;
    const runs = cut(io.data, io.offset, this.#minimum);
    if (runs === null) return;
    for (const { start, end, zero } of runs) {
      if (!zero) continue;
      this.#zeroes += end - start;
    }
    const token = io.defer();
    void this.#writeRuns(io, runs, token);
    return DEFER;
  }

  statistics(): Record<string, number> {
    const numbers: Record<string, number> = {
      zeroes: this.#zeroes,
      skipped: this.#skipped,
      writtenBytes: this.#writtenBytes,
    };
    if (this.#sampledIn > 0) numbers.ratio = (100 * this.#sampledOut) / this.#sampledIn;
    this.#sampledIn = 0;
    this.#sampledOut = 0;
    return numbers;
  }

  /** The I/O and its data are ours until the token is answered. Never rejects. */
  async #writeRuns(io: DiskIo, runs: readonly Run[], token: Deferral): Promise<void> {
    try {
      // All of them end before the answer: what is still under way must not come after it.
      const parts = await Promise.allSettled(runs.map((run) => this.#writeRun(io, run)));
      for (const part of parts) if (part.status === 'rejected') throw part.reason;
      // A zeroing below cannot be forced through by itself.
      if (io.fua) await this.#below.flush();
    } catch (thrown) {
      token.fail(errorOf(thrown));
      return;
    }
    token.complete();
  }

  async #writeRun(io: DiskIo, { start, end, zero }: Run): Promise<void> {
    const offset = io.offset + start;
    const length = end - start;
    if (!zero) return this.#below.write(offset, io.data.subarray(start, end));
    if (length < HOLE_BYTES_MIN && isZero(await this.#below.read(offset, length))) {
      this.#skipped += length;
      return;
    }
    await this.#below.writeZeroes(offset, length);
  }

  #sample({ data }: DiskIo): void {
    this.#untilSample -= 1;
    if (this.#untilSample > 0) return;
    this.#untilSample = this.#sampling;
    const { input, output } = compressedSize(data);
    this.#sampledIn += input;
    this.#sampledOut += output;
  }
}

function isZero(data: Uint8Array): boolean {
  return data.every((byte) => byte === 0);
}

/** A rejection's message begins with the name of the error. */
function errorOf(thrown: unknown): IoError {
  const message = thrown instanceof Error ? thrown.message : '';
  if (message.includes('ENOSPC')) return ENOSPC;
  return message.includes('ESHUTDOWN') ? ESHUTDOWN : EIO;
}
