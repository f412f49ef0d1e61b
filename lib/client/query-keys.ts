// Under which key each call's answer is cached, and which answers a change makes out of date.
// This table is the one place that knows it: pages never invalidate anything themselves.
import { kindOf, type ObjectKind } from '../model/object-kind.ts';
import type { RouteName } from '../wire/api/routes.ts';
import type { ChangeMessage } from '../wire/api/tasks.ts';

export type ObjectChange = ChangeMessage['changes'][number];

export type QueryKey = readonly [
  route: RouteName,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | number | undefined>>,
];

/** The cache key of a call. */
export function queryKey(
  route: RouteName,
  options: {
    params?: Record<string, string> | undefined;
    query?: Record<string, string | number | undefined> | undefined;
  } = {},
): QueryKey {
  return [route, options.params ?? {}, options.query ?? {}];
}

/** Where a VM, a disk or a clone could go, and whether it may: hosts and datastores decide too. */
const PLACES = [
  'checkMoveHost',
  'planUpgrade',
  'listStorageTargets',
  'listCloneTargets',
  'checkClone',
  'checkRelocate',
  'checkAddDisk',
  'checkPolicies',
] as const satisfies readonly RouteName[];

/** What is judged and shown of any object alike. */
const OBJECT = ['readObject', 'checkMoveObjects'] as const satisfies readonly RouteName[];

/** Lists of VMs. */
const VMS = ['listVms', 'queryVms', 'listVmTexts', 'readVmTotals'] as const;

/** Whether a VM can be made of copies now, and what can be decided about it. */
const FAILING_OVER = [
  ...(['checkRecover', 'checkFailOver', 'checkCommitFailover'] as const),
] as const satisfies readonly RouteName[];

/** Answers that a change of an object of the kind makes out of date. */
const AFFECTED: Record<ObjectKind | 'events' | 'samples', readonly RouteName[]> = {
  folder: ['readInventory', 'readSession'],
  vmFolder: ['readInventory', ...OBJECT],
  hostFolder: ['readInventory', ...OBJECT],
  datacenter: ['readInventory', 'readCluster', ...OBJECT],
  tag: ['listTags', 'listTagAssignments', 'readObject', 'queryVms', 'listVmTexts'],
  tagCategory: ['listTags', 'listTagAssignments', 'readObject'],
  customField: ['listCustomFields', 'readObject'],
  cluster: [
    'readHa',
    ...OBJECT,
    'planUpgrade',
    'checkMoveHost',
    ...([
      'readInventory',
      'readCluster',
      'readDrs',
      'readCompatibilityMatrix',
      'readHost',
    ] as const),
    ...([
      'listHosts',
      'listFilters',
      'listDepotVibs',
      'listAlarms',
      'listMigrationTargets',
    ] as const),
    ...(['checkCompatibility', 'readVm'] as const),
    ...VMS,
  ],
  resourcePool: ['readInventory', 'readResourcePool'],
  host: [
    'readHa',
    'readResourcePool',
    ...(['readInventory', 'listHosts', 'readHost', 'readCluster', 'readDrs', 'readVm'] as const),
    ...(['readCompatibilityMatrix', 'listMigrationTargets', 'listDatastores'] as const),
    ...(['readDatastore', 'listAlarms', 'checkCompatibility', 'listFilters'] as const),
    ...VMS,
    ...PLACES,
    ...OBJECT,
  ],
  datastore: [
    ...(['readInventory', 'listDatastores', 'readDatastore', 'readHost', 'listAlarms'] as const),
    ...(['checkCompatibility', 'listMigrationTargets', 'readCompatibilityMatrix'] as const),
    ...PLACES,
    ...OBJECT,
  ],
  vm: [
    'readHa',
    'readResourcePool',
    ...(['readInventory', 'readVm', 'listHosts', 'readHost', 'readCluster'] as const),
    ...VMS,
    ...(['readDrs', 'readCompatibilityMatrix', 'listMigrationTargets', 'listPolicies'] as const),
    ...(['readPolicy', 'listDatastores', 'readDatastore', 'listAlarms'] as const),
    ...(['listKeyProviders', 'checkRecrypt'] as const),
    ...(['listReplicationTargets', 'readVmReplication', ...FAILING_OVER] as const),
    ...PLACES,
    ...OBJECT,
  ],
  policy: [
    'listKeyProviders',
    'listPolicies',
    'readPolicy',
    ...VMS,
    'readVm',
    'readCluster',
    'readHost',
  ],
  vib: ['listDepotVibs', 'listFilters', 'planUpgrade', 'listOnlineDepots'],
  onlineDepot: ['listOnlineDepots'],
  trace: ['listTraceFiles'],
  keyProvider: ['listKeyProviders', 'listAlarms'],
  replicationTarget: [
    ...(['listReplicationTargets', 'readVmReplication', 'listAlarms'] as const),
    ...FAILING_OVER,
  ],
  // What a synchronisation refuses meanwhile is allowed again when its task has ended.
  task: ['listTasks', 'readTask', 'listOnlineDepots'],
  session: ['readSession'],
  user: ['listUsers'],
  events: ['listEvents'],
  samples: ['readSamples'],
};

/**
 * Routes about one object, by the kind of that object: a change of another of the kind leaves them
 * alone.
 */
const OWN_OBJECT: Partial<Record<RouteName, ObjectKind>> = {
  readVm: 'vm',
  readVmReplication: 'vm',
  listWorkloads: 'vm',
  listMigrationTargets: 'vm',
  readHost: 'host',
  readHostFlash: 'host',
  readCluster: 'cluster',
  readDrs: 'cluster',
  readHa: 'cluster',
  readCompatibilityMatrix: 'cluster',
  readDatastore: 'datastore',
  readPolicy: 'policy',
  readTask: 'task',
};

/** What a view of any object shows of others: changes of these concern every such view. */
const SHOWN_ON_OBJECTS: readonly string[] = ['tag', 'tagCategory', 'customField'];

/** An object of the inventory was renamed: whatever shows names is read again, it is rare. */
const RENAMED = 'name';
const NAMELESS: readonly RouteName[] = [
  ...(['readSession', 'listUsers', 'readSamples', 'readHostSamples', 'readIoTrace'] as const),
  ...(['listWorkloads', 'listTags', 'listTagAssignments', 'listCustomFields'] as const),
];

/** Changes that come often and that few answers show: only these routes are read again for them. */
const NUMBERS: Readonly<Record<string, readonly RouteName[]>> = {
  replicas: ['listReplicationTargets', 'readVmReplication', ...FAILING_OVER],
  recoveries: ['readVmReplication', 'listReplicationTargets'],
  bookmarks: ['readVmReplication'],
  flash: ['readHostFlash', 'readClusterFlash'],
  cpuUsage: ['listVms', 'queryVms', 'readVm', 'listHosts', 'readHost', 'readCluster', 'readDrs'],
  connections: ['readVm'],
  workloads: ['listWorkloads'],
  drsLastRunAt: ['readDrs'],
  // One of ten thousand that is tagged or moved to a folder leaves the lists as they are.
  tags: ['listTags', 'listTagAssignments', 'readObject', 'queryVms', 'listVmTexts'],
  customValues: ['listCustomFields', 'readObject'],
  assignments: ['listTags', 'listTagAssignments', 'listCustomFields'],
  resourcePool: ['readResourcePool'],
  folder: ['readInventory', ...OBJECT],
  contents: ['readInventory', ...OBJECT],
  freeBytes: ['listDatastores', 'readDatastore', 'listStorageTargets'],
};

/** Whether a cached answer is out of date after these changes. */
export function isAffected([route, params]: QueryKey, changes: readonly ObjectChange[]): boolean {
  return changes.some(({ object, path }) => {
    const kind = object === 'events' || object === 'samples' ? object : kindOf(object);
    if (kind === null) return false;
    if (path === RENAMED) return !NAMELESS.includes(route);
    const routes = NUMBERS[path] ?? AFFECTED[kind];
    if (!routes.includes(route)) return false;
    const isOwn =
      route === 'readObject' ? !SHOWN_ON_OBJECTS.includes(kind) : OWN_OBJECT[route] === kind;
    return !isOwn || params.id === object;
  });
}
