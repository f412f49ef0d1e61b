// The keys that a host is to be given: native ones are opened, those on key servers are fetched.
import { groupBy } from '../../base/group-by.ts';
import { Fault } from '../../model/fault.ts';
import { type KeyRef, keyName } from '../../model/key.ts';
import type { GivenKey } from '../../wire/agent/key-rpc.ts';
import type { Prisma } from '../database/generated/client.ts';
import { findTargetKeys } from '../replication/targets.ts';
import { type KeyParts, openKey } from './key-providers.ts';
import { fetchKmipKeys, kmipServerOf } from './kmip-provider.ts';

export interface FoundKeys {
  /** Those that could be had. */
  keys: GivenKey[];
  /** What the servers of providers failed with, by the provider's name. */
  troubles: Map<string, string>;
}

type KeyRow = Prisma.ProviderKeyGetPayload<{ include: { provider: true } }>;

/** Throws `InvalidState` when the database was sealed under another secret. */
export async function findKeys(parts: KeyParts, refs: readonly KeyRef[]): Promise<FoundKeys> {
  if (refs.length === 0) return { keys: [], troubles: new Map() };
  const rows = await parts.db.providerKey.findMany({
    where: { OR: refs.map(({ provider, keyId }) => ({ keyId, provider: { name: provider } })) },
    include: { provider: true },
  });
  const keys = rows
    .filter(({ provider }) => provider.type !== 'kmip')
    .map((row) => ({ ...nameOf(row), value: openKey(parts, row.sealed) }));
  keys.push(...(await findTargetKeys(parts, refs)));
  const troubles = new Map<string, string>();
  const remote = groupBy(
    rows.filter(({ provider }) => provider.type === 'kmip'),
    ({ providerId }) => providerId,
  );
  for (const ofProvider of remote.values()) {
    const fetched = await fetchFrom(parts, ofProvider);
    keys.push(...fetched.keys);
    for (const [provider, trouble] of fetched.troubles) troubles.set(provider, trouble);
  }
  return { keys, troubles };
}

/**
 * `KeyNotAvailable` for the first of the keys that was not found: which one, of which provider, and
 * why; null when all were.
 */
export function faultOfMissing(
  refs: readonly KeyRef[],
  { keys, troubles }: FoundKeys,
): Fault | null {
  const names = new Set(keys.map(keyName));
  const missing = refs.find((ref) => !names.has(keyName(ref)));
  if (!missing) return null;
  const { provider, keyId } = missing;
  const trouble = troubles.get(provider);
  const message =
    trouble === undefined
      ? `The key provider ${provider} does not have the key ${keyId}.`
      : `The key ${keyId} of ${provider} cannot be had. ${trouble}`;
  const remedy =
    trouble === undefined
      ? `Bring the key back: from a backup of ${provider}, or of its key server.`
      : `Bring the key server of ${provider} back, or correct its address and certificates.`;
  return new Fault('KeyNotAvailable', message, {
    reasons: [{ fault: 'KeyNotAvailable', message, remedy }],
    data: { providerId: provider, keyId },
  });
}

async function fetchFrom({ sealer }: KeyParts, rows: readonly KeyRow[]): Promise<FoundKeys> {
  const [first] = rows;
  const troubles = new Map<string, string>();
  if (!first) return { keys: [], troubles };
  const refs = rows.map(({ keyId, remoteId }) => ({ keyId, remoteId: remoteId ?? '' }));
  const { values, trouble } = await fetchKmipKeys(kmipServerOf(first.provider, sealer), refs);
  if (trouble !== '') troubles.set(first.provider.name, trouble);
  const keys = rows.flatMap((row) => {
    const value = values.get(row.keyId);
    return value === undefined ? [] : [{ ...nameOf(row), value }];
  });
  return { keys, troubles };
}

function nameOf({ keyId, provider }: KeyRow): KeyRef {
  return { provider: provider.name, keyId };
}
