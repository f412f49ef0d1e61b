// Key providers and keys as rows: found, drawn, opened. A key leaves here for a host's memory, and
// in a backup sealed with a password; nowhere else.
import type { Random } from '../../base/random.ts';
import { Fault, type Reason } from '../../model/fault.ts';
import type { DiskFilter } from '../../model/filter.ts';
import { type KeyRef, keyName } from '../../model/key.ts';
import type { GivenKey } from '../../wire/agent/key-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { KeyProvider } from '../database/generated/client.ts';
import type { Sealer } from '../secrets/sealer.ts';

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

/** A new key, unless there is one of that id: asking again draws no other. */
export async function drawKey(
  { db, sealer, random }: KeyParts & { random: Random },
  provider: KeyProvider,
  keyId: string,
): Promise<KeyRef> {
  const value = Buffer.from(random.bytes(KEY_BYTES)).toString('base64');
  const data = { providerId: provider.id, keyId, sealed: sealer.seal(value, PURPOSE) };
  await db.providerKey.createMany({ data: [data], skipDuplicates: true });
  return { provider: provider.name, keyId };
}

/** Those that are known; the others are left out. Throws `InvalidState` under another secret. */
export async function openKeys(
  { db, sealer }: KeyParts,
  refs: readonly KeyRef[],
): Promise<GivenKey[]> {
  if (refs.length === 0) return [];
  const rows = await db.providerKey.findMany({
    where: { OR: refs.map(({ provider, keyId }) => ({ keyId, provider: { name: provider } })) },
    include: { provider: { select: { name: true } } },
  });
  return rows.map(({ keyId, sealed, provider: { name: provider } }) => ({
    ...{ provider, keyId },
    value: sealer.open(sealed, PURPOSE),
  }));
}

/** `KeyNotAvailable` names each key that no provider has. */
export function requireAll(refs: readonly KeyRef[], found: readonly GivenKey[]): void {
  const names = new Set(found.map(keyName));
  const missing = refs.find((ref) => !names.has(keyName(ref)));
  if (!missing) return;
  const message = `The key provider ${missing.provider} does not have the key ${missing.keyId}.`;
  const remedy = `Restore a backup of ${missing.provider} that holds the key.`;
  throw new Fault('KeyNotAvailable', message, {
    reasons: [{ fault: 'KeyNotAvailable', message, remedy }],
    data: { providerId: missing.provider, keyId: missing.keyId },
  });
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
