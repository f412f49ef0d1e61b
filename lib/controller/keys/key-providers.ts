// Key providers and keys as rows: found, drawn, opened. A key leaves here for a host's memory, and
// in a backup sealed with a password; nowhere else.
import type { Random } from '../../base/random.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import type { DiskFilter } from '../../model/filter.ts';
import type { KeyRef } from '../../model/key.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { KeyProvider } from '../database/generated/client.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { kmipServerOf, makeKmipKey } from './kmip-provider.ts';

const PURPOSE = 'key of a key provider';
const KEY_BYTES = 32;

export interface KeyParts {
  db: DatabaseTransaction;
  sealer: Sealer;
}

/** `NotFound` when there is no such provider. */
export async function findKeyProvider(tx: DatabaseTransaction, id: string): Promise<KeyProvider> {
  const provider = await tx.keyProvider.findUnique({ where: { id } });
  if (!provider) throw new Fault('NotFound', `There is no key provider ${id}.`);
  return provider;
}

/** By name; the default one for an empty name. `NotFound` says what to do. */
export async function chooseKeyProvider(
  tx: DatabaseTransaction,
  name: string,
): Promise<KeyProvider> {
  const where = name === '' ? { isDefault: true } : { name };
  const provider = await tx.keyProvider.findFirst({ where });
  if (provider) return provider;
  const message =
    name === '' ? 'There is no default key provider.' : `There is no key provider ${name}.`;
  const remedy = 'Add a key provider, or name another one in the storage policy.';
  throw new Fault('NotFound', message, { reasons: [{ fault: 'NotFound', message, remedy }] });
}

/** Reasons for the providers that filters name and that are not there. */
export async function missingKeyProviders(
  tx: DatabaseTransaction,
  filters: readonly DiskFilter[],
): Promise<Reason[]> {
  const reasons: Reason[] = [];
  for (const { class: filterClass, properties } of filters) {
    if (filterClass !== 'encryption') continue;
    try {
      await chooseKeyProvider(tx, String(properties.keyProvider ?? ''));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      reasons.push(...error.reasons);
    }
  }
  return reasons;
}

/**
 * A new key, unless there is one of that id: asking again draws no other. Throws `KeyNotAvailable`
 * when the provider's server does not make one.
 */
export async function drawKey(
  { db, sealer, random }: KeyParts & { random: Random },
  provider: KeyProvider,
  keyId: string,
): Promise<KeyRef> {
  const ref = { provider: provider.name, keyId };
  const data = { providerId: provider.id, keyId };
  if (provider.type !== 'kmip') {
    const value = Buffer.from(random.bytes(KEY_BYTES)).toString('base64');
    const sealed = sealer.seal(value, PURPOSE);
    await db.providerKey.createMany({ data: [{ ...data, sealed }], skipDuplicates: true });
    return ref;
  }
  if (await db.providerKey.findUnique({ where: { providerId_keyId: data } })) return ref;
  const server = kmipServerOf(provider, sealer);
  const name = `${provider.namespace}${keyId}`;
  const remoteId = await makeKmipKey(server, { provider: provider.name, name });
  await db.providerKey.createMany({
    data: [{ ...data, sealed: '', remoteId }],
    skipDuplicates: true,
  });
  return ref;
}

/** Base64. Throws `InvalidState` under another secret. */
export function openKey({ sealer }: Pick<KeyParts, 'sealer'>, sealed: string): string {
  return sealer.open(sealed, PURPOSE);
}

/** All keys of a provider, as a backup holds them. */
export async function openAllKeys({ db, sealer }: KeyParts, providerId: string) {
  const rows = await db.providerKey.findMany({ where: { providerId }, orderBy: { keyId: 'asc' } });
  return rows.map(({ keyId, sealed }) => ({ keyId, value: sealer.open(sealed, PURPOSE) }));
}

/** Adds those that the provider does not have; returns how many. */
export async function addKeys(
  { db, sealer }: KeyParts,
  providerId: string,
  keys: readonly { keyId: string; value: string }[],
): Promise<number> {
  const data = keys.map(({ keyId, value }) => ({
    ...{ providerId, keyId },
    sealed: sealer.seal(value, PURPOSE),
  }));
  return (await db.providerKey.createMany({ data, skipDuplicates: true })).count;
}
