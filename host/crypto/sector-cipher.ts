// AES-256-XTS by sectors of 512 bytes (IEEE 1619-2018), three calls of OpenSSL for each I/O however
// long it is: Node makes a cipher for each sector otherwise, which costs 5 µs a sector. The tweaks
// of all sectors are encrypted at once, doubled here, and the blocks run through AES in one piece.
import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto';
import { assert } from '#lib/base/assert.ts';
import { DATA_KEY_BYTES, type SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { KIB, SECTOR_BYTES } from '#lib/model/limits.ts';

const BLOCK_BYTES = 16;
const BLOCKS = SECTOR_BYTES / BLOCK_BYTES;
const WORDS = SECTOR_BYTES / 4;
/** Data are worked on in pieces of this size, so that everything stays in the processor's cache. */
const PIECE_BYTES = 64 * KIB;
/** x¹²⁸ + x⁷ + x² + x + 1. */
const POLYNOMIAL = 0x87;

// Shared by all ciphers of the process: nothing here lasts beyond a call.
const tweakStart = Buffer.alloc((PIECE_BYTES / SECTOR_BYTES) * BLOCK_BYTES);
const tweaks = new Uint32Array(PIECE_BYTES / 4);
const work = new Uint32Array(PIECE_BYTES / 4);
const workBytes = new Uint8Array(work.buffer);

type Blocks = Cipheriv | Decipheriv;

/** The key's first half encrypts the data, its second half the sector numbers. */
export function sectorCipher(dataKey: Uint8Array): SectorCipher {
  assert(dataKey.length === DATA_KEY_BYTES, 'a data key is two AES-256 keys');
  const dataHalf = dataKey.subarray(0, DATA_KEY_BYTES / 2);
  const tweakHalf = dataKey.subarray(DATA_KEY_BYTES / 2);
  // ECB chains nothing: one object goes on for ever.
  const tweak = createCipheriv('aes-256-ecb', tweakHalf, null).setAutoPadding(false);
  const encrypting = createCipheriv('aes-256-ecb', dataHalf, null).setAutoPadding(false);
  const decrypting = createDecipheriv('aes-256-ecb', dataHalf, null).setAutoPadding(false);
  return {
    encrypt: (data, first) =>
      inPieces(data, first, (piece, at) => run(encrypting, tweak, piece, at)),
    decrypt: (data, first) =>
      inPieces(data, first, (piece, at) => run(decrypting, tweak, piece, at)),
  };
}

function inPieces(
  data: Uint8Array,
  first: number,
  work_: (piece: Uint8Array, sector: number) => void,
): void {
  assert(data.length % SECTOR_BYTES === 0, 'the cipher takes whole sectors');
  for (let at = 0; at < data.length; at += PIECE_BYTES) {
    work_(data.subarray(at, at + PIECE_BYTES), first + at / SECTOR_BYTES);
  }
}

/** XOR, AES, XOR. */
function run(blocks: Blocks, tweak: Cipheriv, data: Uint8Array, firstSector: number): void {
  const sectors = data.length / SECTOR_BYTES;
  const words = data.length / 4;
  fillTweaks(tweak, firstSector, sectors);
  workBytes.set(data);
  for (let i = 0; i < words; i++) work[i] = (work[i] ?? 0) ^ (tweaks[i] ?? 0);
  const done = blocks.update(workBytes.subarray(0, data.length));
  workBytes.set(done);
  for (let i = 0; i < words; i++) work[i] = (work[i] ?? 0) ^ (tweaks[i] ?? 0);
  data.set(data.length === PIECE_BYTES ? workBytes : workBytes.subarray(0, data.length));
}

/** Each block's tweak is that of the block before, doubled in GF(2¹²⁸). */
function fillTweaks(tweak: Cipheriv, firstSector: number, sectors: number): void {
  for (let i = 0; i < sectors; i++) {
    const sector = firstSector + i;
    tweakStart.writeUInt32LE(sector >>> 0, i * BLOCK_BYTES);
    tweakStart.writeUInt32LE(Math.floor(sector / 0x1_0000_0000), i * BLOCK_BYTES + 4);
  }
  const encrypted = tweak.update(tweakStart.subarray(0, sectors * BLOCK_BYTES));
  for (let i = 0; i < sectors; i++) {
    let a = encrypted.readUInt32LE(i * BLOCK_BYTES);
    let b = encrypted.readUInt32LE(i * BLOCK_BYTES + 4);
    let c = encrypted.readUInt32LE(i * BLOCK_BYTES + 8);
    let d = encrypted.readInt32LE(i * BLOCK_BYTES + 12);
    let at = i * WORDS;
    for (let block = 0; block < BLOCKS; block++) {
      tweaks[at] = a;
      tweaks[at + 1] = b;
      tweaks[at + 2] = c;
      tweaks[at + 3] = d;
      at += 4;
      const carry = d >> 31;
      d = (d << 1) | (c >>> 31);
      c = (c << 1) | (b >>> 31);
      b = (b << 1) | (a >>> 31);
      a = (a << 1) ^ (carry & POLYNOMIAL);
    }
  }
}
