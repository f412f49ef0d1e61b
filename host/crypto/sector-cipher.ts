// AES-256-XTS by sectors of 512 bytes (IEEE 1619-2018) with two calls of OpenSSL for each I/O: Node
// makes a cipher for each sector otherwise, which costs 4 µs a sector. The numbers of all sectors
// are encrypted at once, and so are all blocks, between two XORs (whitening.ts).
import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto';
import { assert } from '#lib/base/assert.ts';
import { DATA_KEY_BYTES, type SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { makeWhitening, PIECE_BYTES } from './whitening.ts';

const BLOCK_BYTES = 16;
const WORDS = BLOCK_BYTES / 4;
const TWO_POW_32 = 0x1_0000_0000;

// Shared by all ciphers of the process: nothing here lasts beyond a call.
const whitening = makeWhitening();
const numbers = new Uint32Array((PIECE_BYTES / SECTOR_BYTES) * WORDS);
const numberBytes = new Uint8Array(numbers.buffer);

type Blocks = Cipheriv | Decipheriv;

interface Keyed {
  tweak: Cipheriv;
  blocks: Blocks;
}

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
    encrypt: (data, first) => inPieces({ tweak, blocks: encrypting }, data, first),
    decrypt: (data, first) => inPieces({ tweak, blocks: decrypting }, data, first),
    // OpenSSL overwrites a key with its end, and not when the object is only left.
    forget: () => {
      for (const each of [tweak, encrypting, decrypting]) each.final();
    },
  };
}

function inPieces(keyed: Keyed, data: Uint8Array, first: number): void {
  assert(data.length % SECTOR_BYTES === 0, 'the cipher takes whole sectors');
  if (data.length <= PIECE_BYTES) {
    if (data.length > 0) run(keyed, data, first);
    return;
  }
  for (let at = 0; at < data.length; at += PIECE_BYTES) {
    run(keyed, data.subarray(at, at + PIECE_BYTES), first + at / SECTOR_BYTES);
  }
}

/** XOR, AES, XOR. */
function run({ tweak, blocks }: Keyed, data: Uint8Array, firstSector: number): void {
  const { length } = data;
  const sectors = length / SECTOR_BYTES;
  fillTweaks(tweak, firstSector, sectors);
  const piece = length === PIECE_BYTES ? whitening.data : whitening.data.subarray(0, length);
  piece.set(data);
  whitening.run(sectors);
  move(blocks.update(piece), piece);
  whitening.run(sectors);
  data.set(piece);
}

function fillTweaks(tweak: Cipheriv, firstSector: number, sectors: number): void {
  for (let i = 0; i < sectors; i++) {
    const sector = firstSector + i;
    numbers[i * WORDS] = sector >>> 0;
    numbers[i * WORDS + 1] = Math.floor(sector / TWO_POW_32);
  }
  move(tweak.update(numberBytes.subarray(0, sectors * BLOCK_BYTES)), whitening.tweaks);
}

/**
 * What OpenSSL has filled is given back at once. To collect it some day costs more, on the thread
 * of the I/O; and until then each call would fill memory that no cache of the processor has.
 */
function move(from: Buffer<ArrayBuffer>, to: Uint8Array): void {
  to.set(from);
  if (from.buffer.byteLength === from.length) from.buffer.transfer(0);
}
