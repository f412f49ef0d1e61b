// CRC-32C (Castagnoli), as iSCSI and ext4 have it (RFC 3720, section 12.1): reflected polynomial
// 82f63b78, all ones at the beginning, inverted at the end. Sixteen bytes at a time by sixteen
// tables (Kounavis and Berry, 2005), which is some seven times as fast as byte by byte.

const POLYNOMIAL = 0x82f63b78;
const TABLES = 16;
/** Table k at k * 256: what a byte does to the checksum k bytes later. */
const TABLE = makeTables();

/** The checksum of the bytes as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const table = TABLE;
  const { length } = bytes;
  const whole = length - (length % TABLES);
  let crc = -1;
  let at = 0;
  if (whole > 0) {
    // Four bytes by one load, wherever they begin.
    const view = new DataView(bytes.buffer, bytes.byteOffset, whole);
    for (; at < whole; at += TABLES) {
      const one = crc ^ view.getInt32(at, true);
      const two = view.getInt32(at + 4, true);
      const three = view.getInt32(at + 8, true);
      const four = view.getInt32(at + 12, true);
      crc =
        at32(table, 0xf00 | (one & 0xff)) ^
        at32(table, 0xe00 | ((one >>> 8) & 0xff)) ^
        at32(table, 0xd00 | ((one >>> 16) & 0xff)) ^
        at32(table, 0xc00 | (one >>> 24)) ^
        at32(table, 0xb00 | (two & 0xff)) ^
        at32(table, 0xa00 | ((two >>> 8) & 0xff)) ^
        at32(table, 0x900 | ((two >>> 16) & 0xff)) ^
        at32(table, 0x800 | (two >>> 24)) ^
        at32(table, 0x700 | (three & 0xff)) ^
        at32(table, 0x600 | ((three >>> 8) & 0xff)) ^
        at32(table, 0x500 | ((three >>> 16) & 0xff)) ^
        at32(table, 0x400 | (three >>> 24)) ^
        at32(table, 0x300 | (four & 0xff)) ^
        at32(table, 0x200 | ((four >>> 8) & 0xff)) ^
        at32(table, 0x100 | ((four >>> 16) & 0xff)) ^
        at32(table, four >>> 24);
    }
  }
  for (; at < length; at++) crc = at32(table, (crc ^ at8(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function at8(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function at32(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

function makeTables(): Int32Array {
  const table = new Int32Array(TABLES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < table.length; index++) {
    const before = at32(table, index - 256);
    table[index] = at32(table, before & 0xff) ^ (before >>> 8);
  }
  return table;
}
