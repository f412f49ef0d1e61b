// Remembers how blocks looked when they were last read or written. A table of fixed size: a block
// has one place, and takes it from the one that was there.
import type { Look } from './block-entropy.ts';

/** 512 MiB of blocks, and four times that with the default sampling, in 1.1 MiB of memory. */
const PLACE_BITS = 17;
const PLACES = 1 << PLACE_BITS;

const MAGIC = 0x45_4e_54_31;

export class BlockMemory {
  /** Block number plus one; 0 where nothing is known. */
  #blocks = new Float64Array(PLACES);
  #looks = new Uint8Array(PLACES);
  known = 0;

  /** 0 when nothing is known of the block. */
  look(block: number): Look | 0 {
    const place = placeOf(block);
    if (this.#blocks[place] !== block + 1) return 0;
    return asLook(this.#looks[place]);
  }

  learn(block: number, look: Look): void {
    const place = placeOf(block);
    if (this.#blocks[place] === 0) this.known += 1;
    this.#blocks[place] = block + 1;
    this.#looks[place] = look;
  }

  forget(block: number): void {
    const place = placeOf(block);
    if (this.#blocks[place] === block + 1) this.#clear(place);
  }

  /** Forgets the blocks from `first` up to, not including, `end`. */
  forgetRange(first: number, end: number): void {
    if (end - first < PLACES) {
      for (let block = first; block < end; block++) this.forget(block);
      return;
    }
    for (let place = 0; place < PLACES; place++) {
      const block = (this.#blocks[place] ?? 0) - 1;
      if (block >= first && block < end) this.#clear(place);
    }
  }

  forgetAll(): void {
    this.#blocks = new Float64Array(PLACES);
    this.#looks = new Uint8Array(PLACES);
    this.known = 0;
  }

  /** All that is known, for another world: magic, then number and look of each block. */
  save(): Uint8Array {
    const bytes = new Uint8Array(4 + this.known * 9);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, MAGIC);
    let at = 4;
    for (let place = 0; place < PLACES; place++) {
      const block = this.#blocks[place] ?? 0;
      if (block === 0) continue;
      view.setFloat64(at, block - 1);
      view.setUint8(at + 8, this.#looks[place] ?? 0);
      at += 9;
    }
    return bytes;
  }

  /** Nothing is learnt from what another version wrote in another form. */
  load(state: Uint8Array): void {
    const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
    if (state.length < 4 || view.getUint32(0) !== MAGIC) return;
    for (let at = 4; at + 9 <= state.length; at += 9) {
      const block = view.getFloat64(at);
      const look = asLook(view.getUint8(at + 8));
      if (Number.isSafeInteger(block) && block >= 0 && look !== 0) this.learn(block, look);
    }
  }

  #clear(place: number): void {
    this.#blocks[place] = 0;
    this.known -= 1;
  }
}

/** Knuth's multiplication, because with sampling only every n-th block comes. */
function placeOf(block: number): number {
  return Math.imul(block % 0x1_0000_0000, 0x9e37_79b1) >>> (32 - PLACE_BITS);
}

function asLook(value: number | undefined): Look | 0 {
  return value === 1 || value === 2 || value === 3 || value === 4 ? value : 0;
}
