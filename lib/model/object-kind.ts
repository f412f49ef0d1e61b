// The kinds of managed objects, told by their ids. Without a schema: the browser needs it, and is
// spared the parser.

/** The kinds of managed objects with the prefix of their ids. */
export const OBJECT_KINDS = {
  folder: 'group-d',
  vmFolder: 'group-v',
  hostFolder: 'group-h',
  datacenter: 'datacenter-',
  cluster: 'domain-c',
  resourcePool: 'resgroup-',
  host: 'host-',
  datastore: 'datastore-',
  vm: 'vm-',
  policy: 'profile-',
  vib: 'vib-',
  onlineDepot: 'depot-',
  task: 'task-',
  session: 'session-',
  user: 'user-',
  trace: 'trace-',
  keyProvider: 'keyprovider-',
  replicationTarget: 'replicationtarget-',
  tag: 'tag-',
  tagCategory: 'tagcategory-',
  customField: 'customfield-',
} as const;
export type ObjectKind = keyof typeof OBJECT_KINDS;

/** What an administrator orders, names, tags and annotates; both kinds of folders are one type. */
export const INVENTORY_TYPES = [
  'datacenter',
  'folder',
  'cluster',
  'host',
  'datastore',
  'vm',
] as const;
export type InventoryType = (typeof INVENTORY_TYPES)[number];

/** The words for them in sentences: `There is a folder …`, `Hosts are …`, `2 hosts`. */
export const KIND_WORDS: Record<
  InventoryType,
  { noun: string; plural: string; one: string; many: string }
> = {
  datacenter: words('datacenter'),
  folder: words('folder'),
  cluster: words('cluster'),
  host: words('host'),
  datastore: words('datastore'),
  vm: words('virtual machine'),
};

function words(noun: string) {
  const plural = `${noun}s`;
  return {
    ...{ noun, plural, one: `a ${noun}` },
    many: `${plural.charAt(0).toUpperCase()}${plural.slice(1)}`,
  };
}

/** Null for what is no inventory object (and for the root, which is nobody's to change). */
export function inventoryTypeOf(id: string): InventoryType | null {
  const kind = kindOf(id);
  if (kind === 'vmFolder' || kind === 'hostFolder') return 'folder';
  return INVENTORY_TYPES.find((type) => type === kind && type !== 'folder') ?? null;
}

export function kindOf(id: string): ObjectKind | null {
  const match = Object.entries(OBJECT_KINDS).find(
    ([, prefix]) => id.startsWith(prefix) && /^\d+$/.test(id.slice(prefix.length)),
  );
  return match ? (match[0] as ObjectKind) : null;
}
