// Keys of key providers by name: which one a disk's filter wants. What a key is never stands here.
import { z } from 'zod';
import type { DiskFilter } from './filter.ts';

/** A provider is known by its name, which it keeps for life. */
export const keyProviderNameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, 'letters, digits, spaces, points, dashes');

/** As the provider calls it: a UUID of the native one, the unique identifier of a KMIP server. */
export const keyIdSchema = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/);

export const keyRefSchema = z.object({ provider: keyProviderNameSchema, keyId: keyIdSchema });
export type KeyRef = z.infer<typeof keyRefSchema>;

/**
 * Of the keys of pairings with replication targets, which are no key provider's: `keyId` is the
 * pairing. Filters of the class replication name it, and are given the key itself.
 */
export const PAIRING_KEYS = 'replication';

/** One word for both. */
export function keyName({ provider, keyId }: KeyRef): string {
  return `${provider}/${keyId}`;
}

/**
 * The keys that a disk's filters want: each names them in its properties `keyProvider` and `keyId`,
 * and, until a rekey has come through, the one before in `previousProvider` and `previousKeyId`.
 */
export function keysOf(filters: readonly DiskFilter[]): KeyRef[] {
  const before = keyed(filters).map(({ properties }) => ({
    provider: properties.previousProvider,
    keyId: properties.previousKeyId,
  }));
  return uniqueRefs([...requiredKeysOf(filters), ...before]);
}

/** Those without which no disk opens. */
export function requiredKeysOf(filters: readonly DiskFilter[]): KeyRef[] {
  return uniqueRefs(
    keyed(filters).map(({ properties }) => ({
      provider: properties.keyProvider,
      keyId: properties.keyId,
    })),
  );
}

function keyed(filters: readonly DiskFilter[]): DiskFilter[] {
  return filters.filter(
    ({ class: filterClass }) => filterClass === 'encryption' || filterClass === 'replication',
  );
}

/** What names no key is left out. */
function uniqueRefs(found: readonly unknown[]): KeyRef[] {
  const named = new Map<string, KeyRef>();
  for (const each of found) {
    const ref = keyRefSchema.safeParse(each);
    if (ref.success) named.set(keyName(ref.data), ref.data);
  }
  return [...named.values()];
}
