// Blocks and the sectors in them, as masks: bit n stands for sector n of a block. Places are bytes
// from where block 0 begins.

export const BLOCK_BYTES = 4096;
export const SECTOR_BYTES = 512;
export const SECTORS = BLOCK_BYTES / SECTOR_BYTES;

export function firstBlock(place: number): number {
  return Math.floor(place / BLOCK_BYTES);
}

/** One behind the last block that the range touches. */
export function endBlock(place: number, length: number): number {
  return Math.ceil((place + length) / BLOCK_BYTES);
}

/** The sectors of a block that a range touches, if only in part. */
export function touchedSectors(block: number, place: number, length: number): number {
  const start = place - block * BLOCK_BYTES;
  return maskOf(Math.floor(start / SECTOR_BYTES), Math.ceil((start + length) / SECTOR_BYTES));
}

/** The sectors of a block that a range covers from end to end. */
export function wholeSectors(block: number, place: number, length: number): number {
  const start = place - block * BLOCK_BYTES;
  return maskOf(Math.ceil(start / SECTOR_BYTES), Math.floor((start + length) / SECTOR_BYTES));
}

/** Number of the lowest sector in a mask that is not empty. */
export function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** One behind the run of sectors that begins at `from`. */
export function runEnd(mask: number, from: number): number {
  let end = from;
  while (end < SECTORS && (mask & (1 << end)) !== 0) end += 1;
  return end;
}

/** How many sectors a mask has. */
export function countOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Bits from `first` up to, not including, `end`, as far as they lie in a block. */
export function maskOf(first: number, end: number): number {
  const from = Math.max(0, first);
  const to = Math.min(SECTORS, end);
  return to <= from ? 0 : (1 << to) - (1 << from);
}
