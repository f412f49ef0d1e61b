// Keys for the tests of filters that encrypt: any number of wrapping keys in memory, and in place
// of a cipher something quick that tells keys and sectors apart and protects nothing.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { assert } from '../base/assert.ts';
import {
  DATA_KEY_BYTES,
  type KeyService,
  type SectorCipher,
  type WrappingKey,
} from './key-service.ts';

const SECTOR_BYTES = 512;
/** RFC 3394, 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

/** Knows every key unless it is in `missing`, as `provider/keyId`. */
export class HarnessKeys implements KeyService {
  readonly missing = new Set<string>();
  #made = 0;

  require(provider: string, keyId: string): WrappingKey {
    const name = `${provider}/${keyId}`;
    assert(!this.missing.has(name), `KeyNotAvailable: ${name}`);
    const key = createHash('sha256').update(name).digest();
    return {
      wrap: (dataKey) => createCipheriv('id-aes256-wrap', key, WRAP_IV).update(dataKey),
      unwrap: (wrapped) => createDecipheriv('id-aes256-wrap', key, WRAP_IV).update(wrapped),
    };
  }

  pairingKey(pairing: string): Uint8Array {
    const name = `replication/${pairing}`;
    assert(!this.missing.has(name), `KeyNotAvailable: ${name}`);
    return new Uint8Array(createHash('sha256').update(name).digest());
  }

  newDataKey(): Uint8Array {
    this.#made += 1;
    const bytes = createHash('sha512').update(`data key ${this.#made}`).digest();
    return new Uint8Array(bytes.subarray(0, DATA_KEY_BYTES));
  }

  cipher(dataKey: Uint8Array): SectorCipher {
    const digest = createHash('sha256').update(dataKey).digest();
    const seed = digest.readUInt32LE(0);
    let forgotten = false;
    const run = (data: Uint8Array, first: number): void => {
      assert(!forgotten, 'a cipher that was forgotten is not used');
      scramble(data, first, seed);
    };
    const forget = (): void => {
      forgotten = true;
    };
    return { encrypt: run, decrypt: run, forget };
  }
}

/** The same both ways; another seed or another sector number gives something else. */
function scramble(data: Uint8Array, firstSector: number, seed: number): void {
  for (let at = 0; at < data.length; at += SECTOR_BYTES) {
    let state = Math.imul(seed ^ (firstSector + at / SECTOR_BYTES + 1), 0x9e37_79b1) | 1;
    for (let i = at; i < at + SECTOR_BYTES; i++) {
      state = Math.imul(state, 0x0019_660d) + 0x3c6e_f35f;
      data[i] = (data[i] ?? 0) ^ (state >>> 24);
    }
  }
}
