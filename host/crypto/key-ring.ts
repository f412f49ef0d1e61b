// The keys of key providers that one process was given, in memory alone, and what filters may do
// with them: wrap and unwrap data keys, and encrypt with those.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '#lib/base/random.ts';
import {
  DATA_KEY_BYTES,
  type KeyService,
  type SectorCipher,
  type WrappingKey,
} from '#lib/filter-sdk/key-service.ts';
import { Fault } from '#lib/model/fault.ts';
import { type KeyRef, keyName, PAIRING_KEYS } from '#lib/model/key.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { sectorCipher } from './sector-cipher.ts';

/** The initial value of RFC 3394, 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

export class KeyRing implements KeyService {
  readonly #random: Random;
  readonly #keys = new Map<string, Buffer>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** What was known by the same name is replaced. */
  add(keys: readonly GivenKey[]): void {
    for (const { value, ...ref } of keys) {
      this.#keys.set(keyName(ref), Buffer.from(value, 'base64'));
    }
  }

  /** As they came, to give them on. */
  list(): GivenKey[] {
    return [...this.#keys].map(([name, value]) => {
      const at = name.lastIndexOf('/');
      return {
        provider: name.slice(0, at),
        keyId: name.slice(at + 1),
        value: value.toString('base64'),
      };
    });
  }

  missing(wanted: readonly KeyRef[]): KeyRef[] {
    return wanted.filter((ref) => !this.#keys.has(keyName(ref)));
  }

  /** Overwrites them. Copies that the runtime has made on the way may stay until it reuses them. */
  forget(): void {
    for (const key of this.#keys.values()) key.fill(0);
    this.#keys.clear();
  }

  require(provider: string, keyId: string): WrappingKey {
    const key = this.#keys.get(keyName({ provider, keyId }));
    if (key === undefined) throw keyNotAvailable([{ provider, keyId }]);
    return {
      wrap: (dataKey) => createCipheriv('id-aes256-wrap', key, WRAP_IV).update(dataKey),
      unwrap(wrapped) {
        try {
          return createDecipheriv('id-aes256-wrap', key, WRAP_IV).update(wrapped);
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
    const key = this.#keys.get(keyName(ref));
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
