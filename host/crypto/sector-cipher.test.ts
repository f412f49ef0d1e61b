// Tests of the cipher against the vectors of IEEE 1619-2018 and, for data and sector numbers of any
// kind, against OpenSSL's own AES-256-XTS.
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { KeyRing } from './key-ring.ts';
import { sectorCipher } from './sector-cipher.ts';

const SECTOR_BYTES = 512;

/** Sector by sector. */
function openssl(key: Uint8Array, data: Uint8Array, firstSector: number): Buffer {
  const sectors = Array.from({ length: data.length / SECTOR_BYTES }, (_, i) => {
    const tweak = Buffer.alloc(16);
    tweak.writeBigUInt64LE(BigInt(firstSector + i));
    const sector = data.subarray(i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
    return createCipheriv('aes-256-xts', key, tweak).update(sector);
  });
  return Buffer.concat(sectors);
}

// Vector 10 of annex B: data 00 01 … ff twice, sector 0xff.
const KEY_10 = Buffer.from(
  '2718281828459045235360287471352662497757247093699959574966967627' +
    '3141592653589793238462643383279502884197169399375105820974944592',
  'hex',
);
const CIPHER_10_START = '1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b';
const CIPHER_10_END = 'c4f36ffda9fcea70b9c6e693e148c151';

describe('the sector cipher', () => {
  test('gives what the standard says', () => {
    const data = Uint8Array.from({ length: SECTOR_BYTES }, (_, i) => i & 255);
    sectorCipher(KEY_10).encrypt(data, 0xff);
    const hex = Buffer.from(data).toString('hex');
    expect(hex.startsWith(CIPHER_10_START)).toBe(true);
    expect(hex.endsWith(CIPHER_10_END)).toBe(true);
    sectorCipher(KEY_10).decrypt(data, 0xff);
    expect(data).toEqual(Uint8Array.from({ length: SECTOR_BYTES }, (_, i) => i & 255));
  });

  test('is AES-256-XTS of OpenSSL, and back, for any data and sector number', () => {
    const sectors = fc.integer({ min: 1, max: 300 });
    const first = fc.oneof(fc.nat(1000), fc.integer({ min: 2 ** 31 - 2, max: 2 ** 33 }));
    const shift = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(sectors, first, shift, (count, firstSector, at) => {
        const key = systemRandom.bytes(64);
        const clear = systemRandom.bytes(count * SECTOR_BYTES);
        const data = new Uint8Array(clear.length + 16).subarray(at, at + clear.length);
        data.set(clear);
        const cipher = sectorCipher(key);
        cipher.encrypt(data, firstSector);
        expect(Buffer.compare(data, openssl(key, clear, firstSector))).toBe(0);
        cipher.decrypt(data, firstSector);
        expect(Buffer.compare(data, clear)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a key ring', () => {
  const ref = { provider: 'lab', keyId: 'k' };

  test('wraps as RFC 3394 does, and names the key that is missing or another', () => {
    // Section 4.6: 256 bits of key data with a 256-bit key.
    const value = Buffer.from(
      '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      'hex',
    );
    const data = Buffer.from(
      '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f',
      'hex',
    );
    const ring = new KeyRing(systemRandom);
    ring.add([{ ...ref, value: value.toString('base64') }]);
    const wrapped = ring.require('lab', 'k').wrap(data);
    expect(Buffer.from(wrapped).toString('hex')).toBe(
      '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
    );
    expect(ring.require('lab', 'k').unwrap(wrapped)).toEqual(data);
    ring.add([{ ...ref, value: Buffer.alloc(32, 7).toString('base64') }]);
    expect(() => ring.require('lab', 'k').unwrap(wrapped)).toThrow(/not the one/);
    expect(() => ring.require('lab', 'other')).toThrow(/not given the key other of lab/);
  });

  test('gives on what it was given, and forgets', () => {
    const ring = new KeyRing(systemRandom);
    const given = { ...ref, value: Buffer.alloc(32, 7).toString('base64') };
    ring.add([given]);
    expect(ring.list()).toEqual([{ ...ref, value: new Uint8Array(32).fill(7) }]);
    expect(ring.missing([ref, { ...ref, keyId: 'l' }])).toEqual([{ ...ref, keyId: 'l' }]);
    const [{ value = null } = {}] = ring.list();
    ring.keepOnly([ref]);
    expect(ring.missing([ref])).toEqual([]);
    ring.forget();
    expect(ring.missing([ref])).toEqual([ref]);
    expect(value).toEqual(new Uint8Array(32));
  });
});
