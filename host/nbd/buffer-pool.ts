// Buffers that are used again, by size class (powers of two plus room for a reply's header), so
// that the I/O path neither clears nor collects memory. What the pool keeps is bounded.
import { KIB, MIB } from '#lib/model/limits.ts';

/** Room in front of or behind the power of two, for headers. */
const HEADER_ROOM = 64;
const SMALLEST = 64 * KIB;
/** Kept for later use at most, in bytes. */
const KEPT_BYTES_MAX = 24 * MIB;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  /** A buffer of at least so many bytes, with whatever was in it. */
  take(bytes: number): Buffer {
    const size = sizeClass(bytes);
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return buffer;
  }

  /** Takes a buffer back that `take` gave. Nobody may use it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length;
    if (this.#keptBytes + size > KEPT_BYTES_MAX) return;
    this.#keptBytes += size;
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [buffer]);
    else list.push(buffer);
  }
}

function sizeClass(bytes: number): number {
  let size = SMALLEST;
  while (size + HEADER_ROOM < bytes) size *= 2;
  return size + HEADER_ROOM;
}
