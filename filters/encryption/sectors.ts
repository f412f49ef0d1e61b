// Sectors that are all zeroes stand for zeroes, whatever the key: what was never written, trimmed
// or zeroed needs no room below. No cipher text is all zeroes but with a chance of 2⁻⁴⁰⁹⁶.
import type { SectorCipher } from '#lib/filter-sdk/key-service.ts';

export const SECTOR_BYTES = 512;

/** In place. Null for clear text. */
export function decryptSectors(
  cipher: SectorCipher | null,
  data: Uint8Array,
  offset: number,
): void {
  if (cipher === null) return;
  const zeroes = zeroSectors(data);
  if (zeroes.length * SECTOR_BYTES === data.length) return;
  cipher.decrypt(data, offset / SECTOR_BYTES);
  for (const at of zeroes) data.fill(0, at, at + SECTOR_BYTES);
}

/** In place; every sector, also one of zeroes: the guest has written it. Null for clear text. */
export function encryptSectors(
  cipher: SectorCipher | null,
  data: Uint8Array,
  offset: number,
): void {
  cipher?.encrypt(data, offset / SECTOR_BYTES);
}

/** From one state to another, in place; sectors that read as zeroes stay as they are. */
export function convertSectors(
  { from, to }: { from: SectorCipher | null; to: SectorCipher | null },
  data: Uint8Array,
  offset: number,
): void {
  const zeroes = zeroSectors(data);
  if (zeroes.length * SECTOR_BYTES === data.length) return;
  from?.decrypt(data, offset / SECTOR_BYTES);
  to?.encrypt(data, offset / SECTOR_BYTES);
  for (const at of zeroes) data.fill(0, at, at + SECTOR_BYTES);
}

export function isZero(data: Uint8Array, start = 0, end = data.length): boolean {
  const from = data.byteOffset + start;
  if (from % 4 === 0 && (end - start) % 4 === 0) {
    const words = new Uint32Array(data.buffer, from, (end - start) / 4);
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
    return true;
  }
  for (let i = start; i < end; i++) if (data[i] !== 0) return false;
  return true;
}

/** Where they start. */
function zeroSectors(data: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < data.length; at += SECTOR_BYTES) {
    if (data[at] === 0 && isZero(data, at, at + SECTOR_BYTES)) found.push(at);
  }
  return found;
}
