// What a cache hands over when its disk moves: where the blocks lie that are used most, as offsets
// on the disk in ascending order, little endian, eight bytes each, behind eight bytes of a name.

const MAGIC = 0x314d5241_57434c53n;
const ENTRY_BYTES = 8;
/** Of 8 MiB then, which is within what a filter may hand over. */
export const WARM_BLOCKS_MAX = 1024 * 1024;

export function encodeWarmList(offsets: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(ENTRY_BYTES * (offsets.length + 1));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, true);
  for (const [index, offset] of [...offsets].sort((a, b) => a - b).entries()) {
    view.setBigInt64(ENTRY_BYTES * (index + 1), BigInt(offset), true);
  }
  return bytes;
}

/** None when it cannot be read: another version may have written another format. */
export function decodeWarmList(bytes: Uint8Array | null): number[] {
  if (bytes === null || bytes.length < ENTRY_BYTES) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getBigUint64(0, true) !== MAGIC) return [];
  const offsets: number[] = [];
  for (let at = ENTRY_BYTES; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    offsets.push(Number(view.getBigInt64(at, true)));
  }
  return offsets;
}

/** Neighbours together, as ranges of at most `longest` bytes within the disk. */
export function rangesOf(
  offsets: readonly number[],
  { blockBytes, longest, sizeBytes }: { blockBytes: number; longest: number; sizeBytes: number },
): { offset: number; length: number }[] {
  const ranges: { offset: number; length: number }[] = [];
  for (const raw of offsets) {
    const offset = Math.max(0, raw);
    const length = Math.min(raw + blockBytes, sizeBytes) - offset;
    if (length <= 0 || offset % 512 !== 0) continue;
    const last = ranges.at(-1);
    const joins = last !== undefined && last.offset + last.length === offset;
    if (joins && last.length + length <= longest) last.length += length;
    else ranges.push({ offset, length });
  }
  return ranges;
}
