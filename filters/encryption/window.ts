// A range of the disk on its way to another key. What tells its sectors apart after a kill is the
// first 16 bytes of each sector's cipher text: they are kept in the sidecar before anything is
// written, so that each sector is known to be in the old state or in the new one. A sector is
// written whole or not at all.
import type { BelowIo } from '#lib/filter-sdk/filter.ts';
import type { SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { convertSectors, isZero, SECTOR_BYTES } from './sectors.ts';

/** One block of the cipher. */
export const HEAD_BYTES = 16;
/** Short enough that the guest's I/O is not kept from the processor in between. */
const READ_BYTES = 256 * 1024;
const WRITE_BYTES = 1024 * 1024;

/** In bytes. */
export interface Range {
  offset: number;
  end: number;
}

/** The states before and after; null for clear text. */
export interface Conversion {
  from: SectorCipher | null;
  to: SectorCipher | null;
}

/** What will stand in the range. */
export interface Prepared extends Range {
  data: Uint8Array;
  /** `HEAD_BYTES` for each sector, of the state that is encrypted; the new one when both are. */
  heads: Uint8Array;
  /** Nothing but zeroes, which stand for zeroes under every key. */
  isZero: boolean;
}

/** Reads a range that is in the old state and converts it in memory. */
export async function prepare(
  below: BelowIo,
  { offset, end }: Range,
  conversion: Conversion,
): Promise<Prepared> {
  const data = new Uint8Array(end - offset);
  const heads = new Uint8Array((data.length / SECTOR_BYTES) * HEAD_BYTES);
  let allZero = true;
  // Heads of the old state must be those that a kill leaves: not of what was never flushed.
  if (conversion.to === null) await below.flush();
  await inPieces({ offset, end }, READ_BYTES, async (at, length) => {
    const piece = await below.read(at, length);
    if (isZero(piece)) return;
    allZero = false;
    const own = heads.subarray(headAt(at - offset), headAt(at - offset + length));
    if (conversion.to === null) copyHeads(piece, own);
    convertSectors(conversion, piece, at);
    if (conversion.to !== null) copyHeads(piece, own);
    data.set(piece, at - offset);
  });
  return { offset, end, data, heads, isZero: allZero };
}

/** The range of heads that were kept, whose sectors are each in the old or the new state. */
export async function recover(
  below: BelowIo,
  { offset, heads }: { offset: number; heads: Uint8Array },
  conversion: Conversion,
): Promise<Prepared> {
  const data = new Uint8Array((heads.length / HEAD_BYTES) * SECTOR_BYTES);
  const end = offset + data.length;
  const headIsOld = conversion.to === null;
  await inPieces({ offset, end }, READ_BYTES, async (at, length) => {
    const piece = await below.read(at, length);
    for (let sector = 0; sector < length; sector += SECTOR_BYTES) {
      const bytes = piece.subarray(sector, sector + SECTOR_BYTES);
      const isOld = hasHead(bytes, heads, headAt(at - offset + sector)) === headIsOld;
      if (isOld) convertSectors(conversion, bytes, at + sector);
    }
    data.set(piece, at - offset);
  });
  return { offset, end, data, heads, isZero: false };
}

/** Durable when it resolves. */
export async function place(below: BelowIo, { offset, end, data }: Prepared): Promise<void> {
  await inPieces({ offset, end }, WRITE_BYTES, (at, length) =>
    below.write(at, data.subarray(at - offset, at - offset + length)),
  );
  await below.flush();
}

/** Two at a time; when one fails nothing is under way any more at the rejection. */
async function inPieces(
  { offset, end }: Range,
  pieceBytes: number,
  each: (at: number, length: number) => Promise<void>,
): Promise<void> {
  let next = offset;
  const lane = async () => {
    while (next < end) {
      const at = next;
      next = Math.min(at + pieceBytes, end);
      await each(at, next - at);
    }
  };
  const ended = await Promise.allSettled([lane(), lane()]);
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
}

function headAt(bytes: number): number {
  return (bytes / SECTOR_BYTES) * HEAD_BYTES;
}

function copyHeads(piece: Uint8Array, heads: Uint8Array): void {
  for (let at = 0; at < piece.length; at += SECTOR_BYTES) {
    heads.set(piece.subarray(at, at + HEAD_BYTES), headAt(at));
  }
}

function hasHead(sector: Uint8Array, heads: Uint8Array, at: number): boolean {
  for (let i = 0; i < HEAD_BYTES; i++) if (sector[i] !== heads[at + i]) return false;
  return true;
}
