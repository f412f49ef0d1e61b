// How small data would become: the matches of an LZ77 compressor with a window of 64 KiB, as LZ4
// takes them, counted and not written out.

const HASH_BITS = 12;
const MATCH_BYTES_MIN = 4;
/** More says little, and the I/O waits. */
const SAMPLE_BYTES_MAX = 64 * 1024;
/** A match costs a token and a distance. */
const MATCH_COST = 3;

const heads = new Int32Array(1 << HASH_BITS);

/** Bytes out for the bytes in; at most 64 KiB are looked at. Never over the bytes in. */
export function compressedSize(data: Uint8Array): { input: number; output: number } {
  const input = Math.min(data.length, SAMPLE_BYTES_MAX);
  heads.fill(-1);
  let output = 0;
  let literals = 0;
  let at = 0;
  while (at < input) {
    const length = at + MATCH_BYTES_MIN <= input ? matchAt(data, at, input) : 0;
    if (length < MATCH_BYTES_MIN) {
      literals += 1;
      at += 1;
      continue;
    }
    // A long run of literals, or a long match, has one more byte of length for each 255.
    output += literals + Math.floor(literals / 255) + MATCH_COST + Math.floor(length / 255);
    literals = 0;
    at += length;
  }
  return { input, output: Math.min(input, output + literals + Math.floor(literals / 255)) };
}

/** Length of the match with what came before, 0 for none; remembers where the place is. */
function matchAt(data: Uint8Array, at: number, end: number): number {
  const slot = hashAt(data, at);
  const before = heads[slot] ?? -1;
  heads[slot] = at;
  if (before < 0) return 0;
  let length = 0;
  while (at + length < end && data[before + length] === data[at + length]) length += 1;
  return length;
}

function hashAt(data: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
  return Math.imul(a | (b << 8) | (c << 16) | (d << 24), 0x9e37_79b1) >>> (32 - HASH_BITS);
}
