// The keys of key providers that one process was given, in memory alone, and what filters may do
// with them: wrap and unwrap data keys, and encrypt with those.
import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto';
import type { Random } from '#lib/base/random.ts';
import {
  DATA_KEY_BYTES,
  type KeyService,
  type SectorCipher,
  type WrappingKey,
} from '#lib/filter-sdk/key-service.ts';
import { Fault } from '#lib/model/fault.ts';
import { type KeyRef, keyName, PAIRING_KEYS } from '#lib/model/key.ts';
import { decodeKeys, encodeKeys, type HostKey } from '#lib/wire/agent/key-bytes.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { sectorCipher } from './sector-cipher.ts';

/** The initial value of RFC 3394, 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

export class KeyRing implements KeyService {
  readonly #random: Random;
  readonly #keys = new Map<string, HostKey>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Copies them; what was known by the same name is replaced. */
  add(keys: readonly (GivenKey | HostKey)[]): void {
    for (const key of decodeKeys(encodeKeys(keys))) {
      this.#drop(key);
      this.#keys.set(keyName(key), key);
    }
  }

  /** To give them on; not to be kept. */
  list(): HostKey[] {
    return [...this.#keys.values()];
  }

  missing(wanted: readonly KeyRef[]): KeyRef[] {
    return wanted.filter((ref) => !this.#keys.has(keyName(ref)));
  }

  /** Overwrites them. */
  forget(): void {
    this.keepOnly([]);
  }

  /** Overwrites all others. */
  keepOnly(wanted: readonly KeyRef[]): void {
    const names = new Set(wanted.map(keyName));
    for (const [name, key] of this.#keys) if (!names.has(name)) this.#drop(key);
  }

  #drop(ref: KeyRef): void {
    this.#keys.get(keyName(ref))?.value.fill(0);
    this.#keys.delete(keyName(ref));
  }

  require(provider: string, keyId: string): WrappingKey {
    const key = this.#keys.get(keyName({ provider, keyId }))?.value;
    if (key === undefined) throw keyNotAvailable([{ provider, keyId }]);
    return {
      wrap: (dataKey) => once(createCipheriv('id-aes256-wrap', key, WRAP_IV), dataKey),
      unwrap(wrapped) {
        try {
          return once(createDecipheriv('id-aes256-wrap', key, WRAP_IV), wrapped);
        } catch (cause) {
          throw new Fault(
            'KeyNotAvailable',
            `The key ${keyId} of ${provider} is not the one that the disk was encrypted with.`,
            { cause, data: { providerId: provider, keyId } },
          );
        }
      },
    };
  }

  pairingKey(pairing: string): Uint8Array {
    const ref = { provider: PAIRING_KEYS, keyId: pairing };
    const key = this.#keys.get(keyName(ref))?.value;
    if (key === undefined) throw keyNotAvailable([ref]);
    return new Uint8Array(key);
  }

  newDataKey(): Uint8Array {
    return this.#random.bytes(DATA_KEY_BYTES);
  }

  cipher(dataKey: Uint8Array): SectorCipher {
    return sectorCipher(dataKey);
  }
}

/** All that there is to convert; the end has OpenSSL overwrite its copy of the key. */
function once(cipher: Cipheriv | Decipheriv, bytes: Uint8Array): Uint8Array {
  const converted = cipher.update(bytes);
  cipher.final();
  return converted;
}

/** Names each key that is missing. */
export function keyNotAvailable(missing: readonly KeyRef[]): Fault {
  const names = missing.map(({ provider, keyId }) => `${keyId} of ${provider}`).join(', ');
  const message = `The host was not given the key ${names}.`;
  const remedy = 'Check that the key provider is available and still has the key.';
  const [first] = missing;
  return new Fault('KeyNotAvailable', message, {
    reasons: [{ fault: 'KeyNotAvailable', message, remedy }],
    data: first ? { providerId: first.provider, keyId: first.keyId } : {},
  });
}
