// Cuts the data of a write into runs that are zeroes and runs that are not, along the 4 KiB blocks
// of the disk, because holes are made of whole ones.

export const BLOCK_BYTES = 4096;

/** A part of a write, in bytes from its start. */
export interface Run {
  start: number;
  end: number;
  zero: boolean;
}

/**
 * Null when there is no run of zeroes of at least `minimum` bytes; else runs that cover all the
 * data, zeroes and others in turn. `offset` is where the data go on the disk.
 */
export function cut(data: Uint8Array, offset: number, minimum: number): Run[] | null {
  const runs: Run[] = [];
  let done = 0;
  let at = -offset % BLOCK_BYTES;
  if (at < 0) at += BLOCK_BYTES;
  while (at + minimum <= data.length) {
    const end = endOfZeroes(data, at);
    if (end - at < minimum) {
      at = Math.max(end, at + BLOCK_BYTES);
      continue;
    }
    if (at > done) runs.push({ start: done, end: at, zero: false });
    runs.push({ start: at, end, zero: true });
    done = end;
    at = end + BLOCK_BYTES;
  }
  if (runs.length === 0) return null;
  if (done < data.length) runs.push({ start: done, end: data.length, zero: false });
  return runs;
}

/** Behind the last whole block of zeroes from `start` on; `start` when there is none. */
function endOfZeroes(data: Uint8Array, start: number): number {
  let end = start;
  while (end + BLOCK_BYTES <= data.length && isZero(data, end)) end += BLOCK_BYTES;
  return end;
}

function isZero(data: Uint8Array, start: number): boolean {
  // Most blocks that are not zeroes show it in their last byte or among their first.
  if (data[start + BLOCK_BYTES - 1] !== 0) return false;
  for (let i = start; i < start + BLOCK_BYTES; i++) if (data[i] !== 0) return false;
  return true;
}
