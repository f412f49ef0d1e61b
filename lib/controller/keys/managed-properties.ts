// The properties of an encryption filter that no policy sets: which key wraps the disk's data key,
// which did before, which number the data key has, and whether the disk is to be in clear text.
import type { Random } from '../../base/random.ts';
import type { DiskFilter } from '../../model/filter.ts';
import { chooseKeyProvider, drawKey, type KeyParts } from './key-providers.ts';

export interface KeyChange {
  /** Part of a new key's id; the same for the same task, so that a repeated step draws no other. */
  name: string;
  /** A new key, also where the disk has one of the provider already. */
  rewrap?: boolean;
  /** A new data key. */
  deep?: boolean;
}

/** Unique for a disk and a task; short enough for any provider. */
export function newKeyName(vmId: string, diskKey: number, taskId: string): string {
  return `${vmId}.${diskKey}.${taskId}`;
}

/**
 * The filters of a disk with their keys, from what it has now and what it shall have. A key is
 * drawn where there is none of the provider that the policy names.
 */
export async function withKeys(
  parts: KeyParts & { random: Random },
  { current, wanted }: { current: readonly DiskFilter[]; wanted: readonly DiskFilter[] },
  change: KeyChange,
): Promise<DiskFilter[]> {
  const filters: DiskFilter[] = [];
  for (const filter of wanted) {
    if (filter.class !== 'encryption') {
      filters.push(filter);
      continue;
    }
    const before = current.find(({ name }) => name === filter.name);
    filters.push({
      ...filter,
      properties: { ...filter.properties, ...(await keyProperties(parts, filter, before, change)) },
    });
  }
  return filters;
}

async function keyProperties(
  parts: KeyParts & { random: Random },
  filter: DiskFilter,
  before: DiskFilter | undefined,
  { name, rewrap = false, deep = false }: KeyChange,
): Promise<DiskFilter['properties']> {
  const known = before?.properties ?? {};
  const provider = await chooseKeyProvider(parts.db, textOf(filter.properties.keyProvider));
  const generation = typeof known.generation === 'number' ? known.generation : 1;
  const next = { generation: generation + (deep ? 1 : 0), decrypt: false };
  const hasKey = known.keyProvider === provider.name && textOf(known.keyId) !== '';
  // A repeated step finds its own key there.
  if (hasKey && (!rewrap || known.keyId === name))
    return { ...known, ...filterOwn(filter), ...next };
  const key = await drawKey(parts, provider, name);
  return {
    ...next,
    keyProvider: key.provider,
    keyId: key.keyId,
    previousProvider: textOf(known.keyProvider),
    previousKeyId: textOf(known.keyId),
  };
}

/** What the policy says, but for the provider, whose name may have been left out there. */
function filterOwn({ properties }: DiskFilter): DiskFilter['properties'] {
  const { keyProvider: _, ...rest } = properties;
  return rest;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
