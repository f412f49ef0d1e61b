// The contract, route by route: nothing without a session, every answer as its own schema says,
// every refusal a problem document, and each role's rights.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_PASSWORD } from '../controller/inventory/seed-test-inventory.ts';
import { JSON_BODY_BYTES_MAX } from '../model/limits.ts';
import { PROBLEM_TYPE, problemSchema } from '../wire/api/problem.ts';
import { ROUTES, type RouteRow } from '../wire/api/routes.ts';
import { openTestApi, TEST_ORIGIN, type TestApi } from './test-api.ts';

let api: TestApi;
const tokens = { admin: '', reader: '', operator: '' };

beforeAll(async () => {
  api = await openTestApi();
  for (const name of ['admin', 'reader', 'operator'] as const)
    tokens[name] = await api.signIn(name);
});
afterAll(() => api.close());

const all: [string, RouteRow][] = Object.entries(ROUTES);
const others = all.filter(([name]) => name !== 'signIn');

/** A path of the seeded inventory for the route. */
function pathOf(route: RouteRow): string {
  const ids: Record<string, string> = {
    '/clusters': 'domain-c1',
    '/hosts': 'host-1',
    '/objects': 'domain-c1',
    '/tags': 'tag-1',
    '/tag-categories': 'tagcategory-1',
    '/custom-fields': 'customfield-1',
    '/vms': 'vm-1',
    '/datastores': 'datastore-1',
    '/policies': 'profile-1',
    '/tasks': 'task-1',
    '/depot/vibs': 'vib-1',
    '/depot/traces': 'trace-1',
    '/depot/online': 'depot-1',
    '/resource-pools': 'resgroup-1',
    '/users': 'user-999',
    '/recommendations': 'recommendation-1',
  };
  const start = route.path.slice(0, Math.max(0, route.path.indexOf('/{id}')));
  if (route.path.startsWith('/objects/{id}/move-into')) {
    return route.path.replace('{id}', 'datacenter-1');
  }
  const path = route.path
    .replace('{id}', ids[start] ?? 'none')
    .replace('{key}', '2000')
    .replace('{snapshotId}', '1')
    .replace('{filterId}', 'TST_trace_1.0.0')
    .replace('{workloadId}', 'workload-1');
  return route.upload ? `${path}?fileName=x` : path;
}

async function send(
  user: keyof typeof tokens,
  route: Pick<RouteRow, 'method' | 'path'>,
  body?: unknown,
): Promise<Response> {
  return api.call(route.path, {
    method: route.method,
    headers: {
      Authorization: `Bearer ${tokens[user]}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe(PROBLEM_TYPE);
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problem.reasons.length).toBeGreaterThan(0);
  return problem;
}

describe('without a session', () => {
  it.each(others)('%s answers 401', async (_name, route) => {
    const response = await api.call(pathOf(route), { method: route.method });
    expect(response.status).toBe(401);
    expect(await problemOf(response)).toMatchObject({ fault: 'NotAuthenticated' });
  });

  it.each(['/openapi.json', '/changes'])('%s answers 401', async (path) => {
    expect((await api.call(path)).status).toBe(401);
  });
});

describe('every read', () => {
  const reads = others.filter(([, route]) => route.method === 'GET');
  it.each(reads)('%s answers as its schema says', async (_name, route) => {
    const response = await send('reader', { method: 'GET', path: pathOf(route) });
    const json: unknown = await response.json();
    expect(response.status, JSON.stringify(json)).toBe(200);
    expect(route.answer.parse(json)).toEqual(json);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('sluice-version')).toMatch(/^\d+$/);
  });

  const byId = reads.filter(([, route]) => route.path.includes('{id}'));
  it.each(byId)('%s answers 404 for what is not there', async (_name, route) => {
    const path = route.path.replace('{id}', 'vm-999').replace('{key}', '2000');
    const response = await send('reader', { method: 'GET', path });
    expect(await problemOf(response)).toMatchObject({ status: 404, fault: 'NotFound' });
  });
});

describe('a wrong body', () => {
  const writes = others.filter(([, { body }]) => body && !body.safeParse({}).success);
  it.each(writes)('%s answers 400 and says where', async (_name, route) => {
    const response = await send('admin', { method: route.method, path: pathOf(route) }, { x: 1 });
    expect(await problemOf(response)).toMatchObject({ status: 400, fault: 'InvalidArgument' });
  });

  const path = '/vms/vm-1/power';
  it.each([
    ['no JSON', '{"powerState":', 'application/json', 400],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400],
    ['a form', 'powerState=poweredOn', 'application/x-www-form-urlencoded', 400],
    ['a megabyte too many', `"${'x'.repeat(JSON_BODY_BYTES_MAX)}"`, 'application/json', 413],
  ])('%s', async (_, body, type, status) => {
    const headers = { Authorization: `Bearer ${tokens.admin}`, 'Content-Type': type };
    const response = await api.call(path, { method: 'POST', headers, body });
    expect((await problemOf(response)).status).toBe(status);
  });
});

/** A write of each kind that would be allowed, or refused for another reason than the role. */
const WRITES: Partial<Record<keyof typeof ROUTES, unknown>> = {
  createUser: { name: 'friend', fullName: '', password: 'long enough 123', roleId: -1 },
  deleteUser: undefined,
  configureDrs: { enabled: true, behavior: 'manual', threshold: 3 },
  configureHa: {
    ...{ enabled: true, hostMonitoring: true, restartPriority: 'medium' },
    ...{ admissionControl: true, failuresTolerated: 1 },
  },
  setRestartPriority: { vmId: 'vm-1', restartPriority: 'high' },
  refreshRecommendations: {},
  applyRecommendation: {},
  installIoFilter: { computeResourceId: 'domain-c1', depotId: 'vib-1' },
  uninstallIoFilter: undefined,
  resolveIoFilter: {},
  upgradeIoFilter: { depotId: 'vib-1' },
  moveHost: { clusterId: null },
  addHost: {
    ...{ name: 'esx09', agentUrl: 'http://127.0.0.1:9', agentToken: 'token' },
    ...{ datacenterId: 'datacenter-1', clusterId: 'domain-c1' },
  },
  removeHost: undefined,
  pauseTask: { paused: true },
  setMaintenance: { enabled: true },
  setConnection: { connected: false },
  setPower: { powerState: 'poweredOff' },
  migrateVm: { hostId: 'host-2' },
  assignPolicies: { assignments: [{ diskKey: 2000, policyId: null }] },
  startWorkload: {
    diskKey: 2000,
    workload: {
      ...{ kind: 'generator', pattern: 'read', blockBytes: 4096 },
      ...{ queueDepth: 1, durationSeconds: 1 },
    },
  },
  stopWorkload: undefined,
  createPolicy: {
    name: 'New',
    description: '',
    rules: [{ filterClass: 'inspection', provider: 'trace', properties: {} }],
  },
  updatePolicy: {
    name: 'Traced',
    description: '',
    rules: [{ filterClass: 'inspection', provider: 'trace', properties: {} }],
  },
  deletePolicy: undefined,
  uploadVib: undefined,
  deleteVib: undefined,
  addOnlineDepot: { url: 'http://127.0.0.1:9/', intervalMinutes: 0 },
  changeOnlineDepot: { intervalMinutes: 0 },
  syncOnlineDepot: undefined,
  removeOnlineDepot: undefined,
  createResourcePool: { name: 'Gold', parentId: 'domain-c1' },
  changeResourcePool: { memoryReservationMib: 1 },
  deleteResourcePool: undefined,
  assignToPool: { poolId: 'resgroup-1', vmIds: ['vm-1'] },
  uploadTraceFile: undefined,
  deleteTraceFile: undefined,
  resetVm: {},
  deleteVm: undefined,
  markTemplate: { template: true },
  createSnapshot: { name: 'one' },
  removeAllSnapshots: undefined,
  consolidateDisks: {},
  revertToSnapshot: {},
  renameSnapshot: { name: 'one', description: '' },
  removeSnapshot: undefined,
  addDisk: { kind: 'new', capacityBytes: 1_048_576 },
  growDisk: { capacityBytes: 1_073_741_824 },
  removeDisk: undefined,
  cloneVm: { name: 'copy', hostId: 'host-1', datastoreId: 'datastore-1' },
  relocateVm: { datastoreId: 'datastore-1' },
  createDatastore: {
    ...{ name: 'new', datacenterId: 'datacenter-1', type: 'NFS', path: '/new' },
    hostIds: ['host-1'],
  },
  mountDatastore: { hostId: 'host-1', mounted: false },
  deleteDatastore: undefined,
  renameObject: { name: 'Production' },
  moveObjects: { objectIds: ['host-3'] },
  deleteObject: undefined,
  createFolder: { name: 'Web', type: 'vm', parentId: 'datacenter-1' },
  createDatacenter: { name: 'Second' },
  createCluster: { name: 'Test', parentId: 'datacenter-1' },
  createTagCategory: { name: 'Site' },
  updateTagCategory: { name: 'Site' },
  deleteTagCategory: undefined,
  createTag: { name: 'gold', categoryId: 'tagcategory-1' },
  updateTag: { name: 'gold' },
  deleteTag: undefined,
  changeObjectTags: { assign: ['tag-1'] },
  createCustomField: { name: 'Owner' },
  renameCustomField: { name: 'Owner' },
  deleteCustomField: undefined,
  setCustomValues: { values: [{ fieldId: 'customfield-1', value: 'Ann' }] },
};
const POWER_USER_MAY = [
  ...['setPower', 'startWorkload', 'stopWorkload', 'assignPolicies', 'resetVm'],
  ...['createSnapshot', 'removeAllSnapshots', 'revertToSnapshot', 'renameSnapshot'],
  ...['consolidateDisks', 'pauseTask'],
  ...['removeSnapshot', 'addDisk', 'growDisk', 'removeDisk'],
];

describe('roles', () => {
  beforeAll(async () => {
    // Installing asks for a VIB before it asks for rights.
    const headers = { Authorization: `Bearer ${tokens.admin}` };
    const body = new Blob([Uint8Array.from(api.files.vib)]);
    const response = await api.call('/depot/vibs?fileName=t.vib', {
      ...{ method: 'POST', headers, body },
    });
    expect(response.status, await response.clone().text()).toBe(200);
    await api.test.database.vib.updateMany({ data: { id: 'vib-1' } });
  });

  const writes = others.filter(([name]) => name in WRITES);
  const bodyOf = new Map(Object.entries(WRITES));

  it.each(writes)('Read-only may not %s', async (name, route) => {
    const path = pathOf(route);
    const response = await send('reader', { method: route.method, path }, bodyOf.get(name));
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 403, fault: 'NoPermission' });
    expect(problem.detail).toMatch(/^reader lacks the privilege [A-Z]\w+(\.\w+)+ on .+\.$/);
  });

  const closed = writes.filter(([name]) => !POWER_USER_MAY.includes(name));
  it.each(closed)('Virtual machine power user may not %s', async (name, route) => {
    const path = pathOf(route);
    const response = await send('operator', { method: route.method, path }, bodyOf.get(name));
    expect(await problemOf(response)).toMatchObject({ status: 403, fault: 'NoPermission' });
  });

  it('Virtual machine power user may power off, and hears what installing needs', async () => {
    const powerOff = await send(
      'operator',
      { method: 'POST', path: '/vms/vm-1/power' },
      WRITES.setPower,
    );
    expect(powerOff.status, await powerOff.clone().text()).toBe(200);
    expect(ROUTES.setPower.answer.parse(await powerOff.json()).taskId).toMatch(/^task-\d+$/);
    const body = WRITES.installIoFilter;
    const install = await send('operator', { method: 'POST', path: '/io-filters' }, body);
    const problem = await problemOf(install);
    expect(problem.reasons.map(({ message }) => message)).toEqual([
      'operator lacks the privilege Host.Config.Patch on esx01.',
      'operator lacks the privilege Host.Config.Patch on esx02.',
    ]);
  });

  it('a user without any right may not even read', async () => {
    const { database: db } = api.test;
    const { passwordHash } = await db.user.findUniqueOrThrow({ where: { id: 'user-1' } });
    await db.user.create({ data: { id: 'user-9', name: 'nobody', passwordHash } });
    const headers = { Authorization: `Bearer ${await api.signIn('nobody')}` };
    const refused = await api.call('/vms', { headers });
    expect(await problemOf(refused)).toMatchObject({ status: 403, fault: 'NoPermission' });
    expect((await api.call('/session', { headers })).status).toBe(200);
  });
});

describe('a browser', () => {
  const body = JSON.stringify({ userName: 'admin', password: TEST_PASSWORD });
  const json = { 'Content-Type': 'application/json' };

  it('gets a cookie that scripts cannot read, for our own pages alone', async () => {
    const signedIn = await api.call('/session', { method: 'POST', headers: json, body });
    const set = signedIn.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const cookie = { Cookie: set.split(';')[0] ?? '' };
    expect((await api.call('/vms', { headers: cookie })).status).toBe(200);
    const write = (headers: Record<string, string>) =>
      api.call('/tasks/task-1/cancel', { method: 'POST', headers: { ...cookie, ...headers } });
    expect((await write({})).status).toBe(403);
    expect((await write({ Origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await write({ Origin: 'null' })).status).toBe(403);
    // Let through: the task has ended, which is another matter.
    expect(await problemOf(await write({ Origin: TEST_ORIGIN }))).toMatchObject({
      fault: 'InvalidState',
    });
    const out = await api.call('/session', {
      method: 'DELETE',
      headers: { ...cookie, Origin: TEST_ORIGIN },
    });
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await api.call('/vms', { headers: cookie })).status).toBe(401);
  });

  it('is slowed down when it guesses', async () => {
    const guess = () =>
      api.call('/session', {
        ...{ method: 'POST', headers: { ...json, 'X-Forwarded-For': '192.0.2.1' } },
        body: JSON.stringify({ userName: 'admin', password: 'guess' }),
      });
    const statuses = [];
    for (let count = 0; count < 6; count++) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(Number((await guess()).headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('what is no route', () => {
  it('answers with problems too', async () => {
    const nowhere = await send('admin', { method: 'GET', path: '/nowhere' });
    expect(await problemOf(nowhere)).toMatchObject({ status: 404 });
    const wrong = await send('admin', { method: 'PUT', path: '/vms/vm-1' });
    expect(await problemOf(wrong)).toMatchObject({ status: 405 });
    expect(wrong.headers.get('allow')).toBe('GET, DELETE');
  });

  it('serves files of the depot by a signed link alone', async () => {
    const { fileName } = await api.test.database.vib.findFirstOrThrow();
    const { pathname, search } = new URL(api.depotLinks.link('vibs', fileName));
    const below = pathname.replace('/api/v1', '');
    const file = await api.call(`${below}${search}`);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(Uint8Array.from(api.files.vib));
    expect(await problemOf(await api.call(below))).toMatchObject({ status: 403 });
  });
});

it('describes itself as OpenAPI 3.1, every route of the table in it', async () => {
  const document = await (await send('reader', { method: 'GET', path: '/openapi.json' })).json();
  expect(document.openapi).toBe('3.1.0');
  const found = Object.values<Record<string, { operationId: string }>>(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => operationId);
  const more = ['followChanges', 'readDepotFile', 'readOpenApi'];
  expect(found.sort()).toEqual([...Object.keys(ROUTES), ...more].sort());
});
