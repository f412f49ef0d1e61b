// How much a node or a provider takes when it is given less than its disk has. It counts down with
// each write and measures only when the count is used up, so that a write costs nothing. What is
// under way while it measures may exceed it; the disk itself is the hard limit.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { Fault } from '#lib/model/fault.ts';
import { type ChainIo, WRITE } from '../chain/chain-io.ts';

export class SpaceBudget {
  readonly #capacityBytes: number | null;
  readonly #measure: () => Promise<number>;
  #left = 0;
  #measuring: Promise<void> | null = null;

  /** `measure` tells the bytes that are taken; a capacity of null is no limit. */
  constructor(capacityBytes: number | null, measure: () => Promise<number>) {
    this.#capacityBytes = capacityBytes;
    this.#measure = measure;
  }

  /** Null when there is room for the I/O, else what to wait for: 0 or ENOSPC. */
  take({ code, length }: ChainIo): Promise<number> | null {
    if (this.#capacityBytes === null || code !== WRITE) return null;
    if (this.#left < length) return this.#takeMeasured(length);
    this.#left -= length;
    return null;
  }

  /** Throws `NoDiskSpace` unless so much is free now. */
  async require(bytes: number): Promise<void> {
    if (this.#capacityBytes === null) return;
    await this.#refill();
    if (this.#left >= bytes) {
      // What is about to be taken shows in the next measurement.
      this.#left = 0;
      return;
    }
    const message = `${bytes} bytes are to be reserved, and ${Math.max(0, this.#left)} are free`;
    throw new Fault('NoDiskSpace', `There is no space for a thick disk: ${message}.`);
  }

  async #takeMeasured(length: number): Promise<number> {
    await this.#refill();
    if (this.#left < length) return NBD_ERRORS.ENOSPC;
    this.#left -= length;
    return 0;
  }

  #refill(): Promise<void> {
    this.#measuring ??= this.#measure()
      .then((used) => {
        this.#left = (this.#capacityBytes ?? 0) - used;
      })
      .finally(() => {
        this.#measuring = null;
      });
    return this.#measuring;
  }
}
