// Shannon entropy of bytes: 0 for all alike, 8 for evenly spread. Encrypted and compressed data are
// near 8.

/** More adds little: so many bytes of random data already measure 7.95. */
const SAMPLE_BYTES_MAX = 4096;

const counts = new Uint32Array(256);

/** Bits per byte of the first 4 KiB. */
export function shannonEntropy(data: Uint8Array): number {
  const length = Math.min(data.length, SAMPLE_BYTES_MAX);
  if (length === 0) return 0;
  counts.fill(0);
  for (let i = 0; i < length; i++) {
    const byte = data[i] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= (count / length) * Math.log2(count / length);
  }
  return Math.max(0, bits);
}
