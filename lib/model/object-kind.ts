// The kinds of managed objects, told by their ids. Without a schema: the browser needs it, and is
// spared the parser.

/** The kinds of managed objects with the prefix of their ids. */
export const OBJECT_KINDS = {
  folder: 'group-d',
  datacenter: 'datacenter-',
  cluster: 'domain-c',
  host: 'host-',
  datastore: 'datastore-',
  vm: 'vm-',
  policy: 'profile-',
  vib: 'vib-',
  task: 'task-',
  session: 'session-',
  user: 'user-',
  trace: 'trace-',
  keyProvider: 'keyprovider-',
  replicationTarget: 'replicationtarget-',
} as const;
export type ObjectKind = keyof typeof OBJECT_KINDS;

export function kindOf(id: string): ObjectKind | null {
  const match = Object.entries(OBJECT_KINDS).find(
    ([, prefix]) => id.startsWith(prefix) && /^\d+$/.test(id.slice(prefix.length)),
  );
  return match ? (match[0] as ObjectKind) : null;
}
