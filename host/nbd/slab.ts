// A stretch of memory that several I/Os share; it goes back to the pool when the last of its users
// is done.
import { assert } from '#lib/base/assert.ts';
import type { BufferPool } from './buffer-pool.ts';

export class Slab {
  readonly buffer: Buffer;
  readonly view: DataView;
  readonly #pool: BufferPool;
  #users = 1;

  constructor(pool: BufferPool, bytes: number) {
    this.#pool = pool;
    this.buffer = pool.take(bytes);
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.length);
  }

  /** True when only one is left: it may then write over everything. */
  get sole(): boolean {
    return this.#users === 1;
  }

  retain(): void {
    this.#users += 1;
  }

  release(): void {
    assert(this.#users > 0, 'a slab is released as often as it was retained');
    this.#users -= 1;
    if (this.#users === 0) this.#pool.give(this.buffer);
  }
}
