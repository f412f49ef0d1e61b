// What a block of 4 KiB looks like: empty, orderly, dense (compressed) or random (encrypted).
// Shannon's entropy tells order from the rest; Pearson's chi-square against an even spread tells
// most compressed data, which still have favourites, from encrypted, which have none.

export const BLOCK_BYTES = 4096;

export const EMPTY = 1;
export const ORDERLY = 2;
export const DENSE = 3;
export const RANDOM = 4;
export type Look = typeof EMPTY | typeof ORDERLY | typeof DENSE | typeof RANDOM;

/** Bits per byte. Text, tables, programs and databases are below; 4 KiB of chance are at 7.95. */
const ORDERLY_BITS_MAX = 7.2;
/**
 * Of evenly spread bytes chi-square is 255 with a deviation of 22.6: fewer than one block of
 * encrypted data in ten thousand is above.
 */
const RANDOM_CHI_SQUARE_MAX = 345;

const counts = new Uint32Array(256);
/** n · log2(n), so that no logarithm is taken while I/O waits. */
const weights = Float64Array.from({ length: BLOCK_BYTES + 1 }, (_, n) =>
  n < 2 ? 0 : n * Math.log2(n),
);

/** How the block that was examined last came out, in bits per byte. */
export let lastEntropy = 0;

/** Examines the 4 KiB of `data` from `start` on. */
export function examine(data: Uint8Array, start: number): Look {
  counts.fill(0);
  for (let i = start; i < start + BLOCK_BYTES; i++) {
    const byte = data[i] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let weight = 0;
  let squares = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] ?? 0;
    weight += weights[count] ?? 0;
    squares += count * count;
  }
  lastEntropy = Math.max(0, Math.log2(BLOCK_BYTES) - weight / BLOCK_BYTES);
  if (lastEntropy === 0) return EMPTY;
  if (lastEntropy < ORDERLY_BITS_MAX) return ORDERLY;
  const chiSquare = (squares * 256) / BLOCK_BYTES - BLOCK_BYTES;
  return chiSquare <= RANDOM_CHI_SQUARE_MAX ? RANDOM : DENSE;
}
