// An I/O that came over NBD: what a chain sees of it, and what is needed to answer the client.
import type { Cookie } from '#lib/formats/nbd/transmission.ts';
import { KIB } from '#lib/model/limits.ts';
import { ChainIo, WRITE } from '../chain/chain-io.ts';
import type { Slab } from './slab.ts';

/**
 * From this length on a read, or a write that does not arrive in one piece, has a buffer of its own
 * instead of a place in a slab, in bytes.
 */
export const OWN_BUFFER_BYTES = 64 * KIB;

/** Who answers the client. */
export interface IoReceiver {
  ioFinished(io: NbdIo): void;
}

export class NbdIo extends ChainIo implements Cookie {
  cookieHigh = 0;
  cookieLow = 0;
  /**
   * The slab in which the data lie, kept while the I/O is not done; null when it has a buffer of
   * its own.
   */
  slab: Slab | null = null;
  /** A pooled buffer of its own, for large I/Os. */
  owned: Buffer | null = null;
  receiver: IoReceiver | null = null;

  /** What a large I/O keeps of memory while it is under way, in bytes. */
  get heldBytes(): number {
    return this.code <= WRITE && this.length >= OWN_BUFFER_BYTES ? this.length : 0;
  }

  finished(): void {
    this.receiver?.ioFinished(this);
  }
}

/** I/O objects for use again. */
export class NbdIoPool {
  readonly #free: NbdIo[] = [];

  take(): NbdIo {
    return this.#free.pop() ?? new NbdIo();
  }

  give(io: NbdIo): void {
    io.slab = null;
    io.owned = null;
    io.receiver = null;
    this.#free.push(io);
  }
}
