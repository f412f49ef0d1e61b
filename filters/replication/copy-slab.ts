// Copies of what a guest writes, cut from larger pieces of memory: a buffer for each write would
// cost its collection more than the copy.

const SLAB_BYTES = 256 * 1024;

export class CopySlab {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of its own; its memory is free again when nothing that was copied near it is kept. */
  copy(data: Uint8Array): Uint8Array {
    const { length } = data;
    // A large one would leave the rest of a slab unused.
    if (length > SLAB_BYTES / 4) return data.slice();
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const copy = this.#slab.subarray(this.#used, this.#used + length);
    this.#used += length;
    copy.set(data);
    return copy;
  }
}
