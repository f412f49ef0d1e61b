// The key provider of the simulated controller, and what a rekey asks of a disk's filters. A host
// is given keys with the calls that need them, as long as the provider can be reached.
import type { DiskFilter } from '#lib/model/filter.ts';
import { keysOf } from '#lib/model/key.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import type { SeededRandom } from '../seeded-random.ts';

const KEY_BYTES = 32;

export class SimKeyProvider {
  /** It cannot be reached for the moment. */
  away = false;
  readonly #random: SeededRandom;
  readonly #keys = new Map<string, string>();
  #drawn = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** What a host is given for disks with any of these filters; nothing while it is away. */
  give(filters: readonly DiskFilter[]): GivenKey[] {
    if (this.away) return [];
    return keysOf(filters).map((ref) => ({ ...ref, value: this.#valueOf(ref.keyId) }));
  }

  /** The id of a new key. */
  draw(): string {
    this.#drawn += 1;
    return `drawn-${this.#drawn}`;
  }

  #valueOf(keyId: string): string {
    const known = this.#keys.get(keyId);
    const value = known ?? Buffer.from(this.#random.bytes(KEY_BYTES)).toString('base64');
    this.#keys.set(keyId, value);
    return value;
  }
}

/** Whether there is anything to rekey. */
export function isEncrypted(filters: readonly DiskFilter[]): boolean {
  return filters.some((filter) => filter.class === 'encryption');
}

/**
 * The same filters with what the controller would set: a new key around the data key, a new data
 * key, both, or clear text, by how bad the event is; from clear text back to a key.
 */
export function rekeyed(
  filters: readonly DiskFilter[],
  severity: number,
  provider: SimKeyProvider,
): DiskFilter[] {
  return filters.map((filter) => {
    const { properties } = filter;
    if (filter.class !== 'encryption') return filter;
    const deep = severity < 0.7;
    const rewraps = severity > 0.4;
    const decrypt = severity > 0.85 && properties.decrypt !== true;
    const generation = Number(properties.generation ?? 1) + (deep ? 1 : 0);
    const next = { ...properties, decrypt, generation };
    if (!rewraps || decrypt) return { ...filter, properties: next };
    const previous = {
      previousProvider: properties.keyProvider ?? '',
      previousKeyId: properties.keyId ?? '',
    };
    return { ...filter, properties: { ...next, ...previous, keyId: provider.draw() } };
  });
}
