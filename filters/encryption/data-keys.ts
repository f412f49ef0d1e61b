// Data keys of one disk: made, wrapped, unwrapped and turned into ciphers. Unwrapped they stand
// nowhere but in the cipher.
import type { KeyService, SectorCipher } from '#lib/filter-sdk/key-service.ts';
import type { StoredKey } from './stored-state.ts';
import type { Wish } from './wish.ts';

export class DataKeys {
  readonly #service: KeyService;

  constructor(service: KeyService) {
    this.#service = service;
  }

  /** Throws when the key that the wish names cannot be had. */
  requireKeyOf({ provider, keyId }: Wish): void {
    this.#service.require(provider, keyId);
  }

  make({ provider, keyId, generation }: Wish): StoredKey {
    const dataKey = this.#service.newDataKey();
    const wrapped = hexOf(this.#service.require(provider, keyId).wrap(dataKey));
    dataKey.fill(0);
    return { provider, keyId, generation, wrapped };
  }

  /** Null for clear text. Throws when the wrapping key cannot be had, or is another. */
  cipherOf(stored: StoredKey | null): SectorCipher | null {
    if (stored === null) return null;
    const dataKey = this.#unwrap(stored);
    const cipher = this.#service.cipher(dataKey);
    dataKey.fill(0);
    return cipher;
  }

  /** Under the key that the wish names. */
  rewrap(stored: StoredKey, { provider, keyId }: Wish): StoredKey {
    const dataKey = this.#unwrap(stored);
    const wrapped = hexOf(this.#service.require(provider, keyId).wrap(dataKey));
    dataKey.fill(0);
    return { ...stored, provider, keyId, wrapped };
  }

  #unwrap({ provider, keyId, wrapped }: StoredKey): Uint8Array {
    return this.#service.require(provider, keyId).unwrap(bytesOf(wrapped));
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
