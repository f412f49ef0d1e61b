// What the framework does for a filter that encrypts: it holds the keys of the key providers, wraps
// data keys with them, and runs the cipher. No key of a provider ever reaches a filter; that of a
// pairing with a replication target does.

/** Length of a data key in bytes: two AES-256 keys, one for the data and one for the tweak. */
export const DATA_KEY_BYTES = 64;
/** What a data key is when it is wrapped: RFC 3394 adds 8 bytes. */
export const WRAPPED_KEY_BYTES = DATA_KEY_BYTES + 8;

/** A key of a key provider, to wrap data keys with (AES-256 key wrap, RFC 3394). */
export interface WrappingKey {
  wrap(dataKey: Uint8Array): Uint8Array;
  /** Throws when the bytes were not wrapped with this key, or were changed since. */
  unwrap(wrapped: Uint8Array): Uint8Array;
}

/** AES-256-XTS by sectors of 512 bytes; the tweak is the sector's number (IEEE 1619). */
export interface SectorCipher {
  /** In place; whole sectors, the first of which has that number on the disk. */
  encrypt(data: Uint8Array, firstSector: number): void;
  /** In place, as `encrypt`. */
  decrypt(data: Uint8Array, firstSector: number): void;
  /** Overwrites the key; the cipher is of no use then. A filter does it when it closes. */
  forget(): void;
}

/** Keys come before the disk is opened, so that every answer is at hand. */
export interface KeyService {
  /** Throws `KeyNotAvailable`, which names provider and key, when the host was not given it. */
  require(provider: string, keyId: string): WrappingKey;
  /** Random, of `DATA_KEY_BYTES`. Never keep it but wrapped. */
  newDataKey(): Uint8Array;
  /**
   * For a filter that replicates: the key of a pairing with a replication target, of 32 bytes,
   * which its daemon needs to speak with that target. Throws `KeyNotAvailable`. Never keep or log
   * it.
   */
  pairingKey(pairing: string): Uint8Array;
  /** The key is copied: overwrite it after the call. */
  cipher(dataKey: Uint8Array): SectorCipher;
}
