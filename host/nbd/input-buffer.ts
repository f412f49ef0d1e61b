// What a client has sent and nobody has worked on yet. The socket reads right behind it; small
// writes are done from where they lie. A write that a filter defers keeps its slab, and reading
// goes on in another.
import type { BufferPool } from './buffer-pool.ts';
import { Slab } from './slab.ts';

const SLAB_BYTES = 256 * 1024;
/** The socket is always offered at least so much, in bytes. */
const ROOM_BYTES_MIN = 96 * 1024;

export class InputBuffer {
  slab: Slab;
  /** The first byte not worked on, and the one after the last received. */
  at = 0;
  end = 0;
  readonly #pool: BufferPool;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.slab = new Slab(pool, SLAB_BYTES);
  }

  get length(): number {
    return this.end - this.at;
  }

  /** Where the next bytes go. Must not be called while bytes are under way to the last answer. */
  room(): Buffer {
    const { slab } = this;
    if (this.at === this.end && slab.sole) {
      this.at = 0;
      this.end = 0;
    } else if (slab.buffer.length - this.end < ROOM_BYTES_MIN) {
      this.#makeRoom();
    }
    return this.slab.buffer.subarray(this.end);
  }

  /** A copy of what is left, for another process to go on with. */
  rest(): Buffer {
    return Buffer.from(this.slab.buffer.subarray(this.at, this.end));
  }

  /** Puts bytes behind those that are there. */
  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const room = this.room();
      const part = bytes.subarray(from, from + room.length);
      room.set(part);
      this.end += part.length;
      from += part.length;
    }
  }

  release(): void {
    this.slab.release();
  }

  #makeRoom(): void {
    const { slab, at, end } = this;
    const left = end - at;
    if (slab.sole && slab.buffer.length - left >= ROOM_BYTES_MIN) {
      slab.buffer.copyWithin(0, at, end);
    } else {
      const next = new Slab(this.#pool, Math.max(SLAB_BYTES, left + ROOM_BYTES_MIN));
      slab.buffer.copy(next.buffer, 0, at, end);
      slab.release();
      this.slab = next;
    }
    this.at = 0;
    this.end = left;
  }
}
