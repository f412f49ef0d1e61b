// XXH32, the 32-bit checksum of the xxHash family (its published specification, version 0.1.1), of
// data whose length is a multiple of four. Quick without any help from outside the module; of what
// lies in a scratch memory it is quicker (scratch-memory.ts).

export const PRIME_1 = 0x9e3779b1;
export const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;

/** Words that are taken at a time, one in each lane. */
export const LANES = 4;

/** Unsigned. `bytes` begins at a multiple of four of its buffer, and so does its length. */
export function xxh32(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const { length } = words;
  if (length < LANES) return finish(null, words);
  let [a, b, c, d] = firstLanes();
  for (let at = 0; at + LANES <= length; at += LANES) {
    a = round(a, words[at] ?? 0);
    b = round(b, words[at + 1] ?? 0);
    c = round(c, words[at + 2] ?? 0);
    d = round(d, words[at + 3] ?? 0);
  }
  return finish([a, b, c, d], words);
}

export type Lanes = [a: number, b: number, c: number, d: number];

export function firstLanes(): Lanes {
  return [(PRIME_1 + PRIME_2) | 0, PRIME_2 | 0, 0, -PRIME_1 | 0];
}

/** `lanes` when all whole groups of `words` have gone through them; null when there was none. */
export function finish(lanes: Lanes | null, words: Int32Array): number {
  const { length } = words;
  let hash = 0x165667b1;
  if (lanes !== null) {
    const [a, b, c, d] = lanes;
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + length * 4) | 0;
  for (let at = length - (length % LANES); at < length; at++) {
    hash = (hash + Math.imul(words[at] ?? 0, PRIME_3)) | 0;
    hash = Math.imul(rotate(hash, 17), PRIME_4);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
