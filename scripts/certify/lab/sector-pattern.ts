// The contents of sectors in certification: each names the write that it is of and its own place,
// and the rest follows from these, orderly or random, so that filters meet data of all kinds.

export const SECTOR_BYTES = 512;
const WORDS = SECTOR_BYTES / 4;
const FIRST_WORDS = 2;

/** Writes the sector's contents to the beginning of the buffer. Tag 0 is zeroes. */
export function fillSector(bytes: Uint8Array, tag: number, sector: number): void {
  if (tag === 0) {
    bytes.fill(0, 0, SECTOR_BYTES);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTOR_BYTES);
  view.setUint32(0, tag);
  view.setUint32(4, sector);
  let state = Math.imul(tag, 0x9e37_79b1) ^ Math.imul(sector + 1, 0x85eb_ca6b) || 1;
  for (let word = FIRST_WORDS; word < WORDS; word++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    view.setUint32(word * 4, fillerOf(tag, word, state >>> 0));
  }
}

/** Of which write the sector is; 0 for zeroes. */
export function sectorTag(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, SECTOR_BYTES).getUint32(0);
}

function fillerOf(tag: number, word: number, random: number): number {
  switch (tag % 4) {
    case 0:
      return 0;
    case 1:
      return 0x20_61_62_63 + (word % 16);
    case 2:
      return random;
    default:
      return word % 2 === 0 ? random : tag;
  }
}
