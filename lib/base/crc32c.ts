// CRC-32C (Castagnoli), as iSCSI and ext4 have it (RFC 3720, section 12.1): reflected polynomial
// 82f63b78, all ones at the beginning, inverted at the end. Eight bytes at a time by eight tables
// (Kounavis and Berry, 2005), which is some five times as fast as byte by byte.

const POLYNOMIAL = 0x82f63b78;
const TABLES = 8;
/** Table k at k * 256: what a byte does to the checksum k bytes later. */
const TABLE = makeTables();

/** The checksum of the bytes as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const table = TABLE;
  const { length } = bytes;
  const whole = length - (length % TABLES);
  let crc = -1;
  let at = 0;
  for (; at < whole; at += TABLES) {
    const low =
      crc ^
      (at8(bytes, at) |
        (at8(bytes, at + 1) << 8) |
        (at8(bytes, at + 2) << 16) |
        (at8(bytes, at + 3) << 24));
    crc =
      at32(table, 0x700 | (low & 0xff)) ^
      at32(table, 0x600 | ((low >>> 8) & 0xff)) ^
      at32(table, 0x500 | ((low >>> 16) & 0xff)) ^
      at32(table, 0x400 | (low >>> 24)) ^
      at32(table, 0x300 | at8(bytes, at + 4)) ^
      at32(table, 0x200 | at8(bytes, at + 5)) ^
      at32(table, 0x100 | at8(bytes, at + 6)) ^
      at32(table, at8(bytes, at + 7));
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
