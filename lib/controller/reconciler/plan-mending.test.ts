// What would mend a host, by table: wanted and reported on the left, the mending on the right.
import { describe, expect, test } from 'vitest';
import type { HostReport, WorldReport } from '../../wire/agent/host-rpc.ts';
import { optionsDigest } from '../../wire/agent/options-digest.ts';
import { type Mending, planMending, type WantedHost, type WantedVm } from './plan-mending.ts';

const mount = { id: 'datastore-1', name: 'vmfs1', type: 'VMFS', path: '/ds' };
const host: WantedHost = {
  id: 'host-1',
  name: 'esx01',
  maintenanceState: 'normal',
  mounts: [mount],
};
const quiet: HostReport = {
  revision: 1,
  bootId: 'b',
  hostUuid: '00000000-0000-4000-8000-000000000001',
  hostId: 'host-1',
  product: {
    version: '8.0.0',
    build: '1',
    acceptanceLevel: 'PartnerSupported',
    cpuCores: 8,
    memoryMib: 1024,
  },
  maintenanceMode: false,
  vibs: [],
  datastores: [
    {
      ...{ id: 'datastore-1', name: 'vmfs1', type: 'VMFS' as const, accessible: true },
      ...{ capacityBytes: 1, freeBytes: 1, message: '' },
    },
  ],
  worlds: [],
  operations: [],
  workloads: [],
  events: [],
};

function vm(change: Partial<WantedVm> = {}): WantedVm {
  const plain = { id: 'vm-1', hostId: 'host-1', desiredPowerState: 'poweredOn' };
  return { ...plain, hasTask: false, runsAtHome: false, ...change };
}

function world(state: WorldReport['state']): WorldReport {
  const powerState = state === 'off' || state === 'migratingIn' ? 'poweredOff' : 'poweredOn';
  const place = { pid: 1, nbdPort: 1, nbdSocketPath: '', disks: [] };
  return { vmId: 'vm-1', powerState, state, message: '', trouble: null, ...place };
}

function suspended(): WorldReport {
  return { ...world('off'), powerState: 'suspended' };
}

const on: Mending[] = [{ kind: 'powerOn', vmId: 'vm-1' }];
const off: Mending[] = [{ kind: 'powerOff', vmId: 'vm-1' }];
const elsewhere = { hostId: 'host-2' };

const VM_CASES: [string, WantedVm, WorldReport | null, Mending[]][] = [
  ['wanted on, runs', vm(), world('running'), []],
  ['wanted on, no world', vm(), null, on],
  ['wanted on, off', vm(), world('off'), on],
  ['wanted on, its host restarts it by itself', vm(), world('faulted'), []],
  ['wanted on, starting', vm(), world('starting'), []],
  ['wanted on, off, a task is at it', vm({ hasTask: true }), null, []],
  ['wanted off, no world', vm({ desiredPowerState: 'poweredOff' }), null, []],
  ['wanted off, runs', vm({ desiredPowerState: 'poweredOff' }), world('running'), off],
  ['wanted off, suspended', vm({ desiredPowerState: 'poweredOff' }), suspended(), off],
  ['wanted on, suspended', vm(), suspended(), on],
  ['wanted suspended, is', vm({ desiredPowerState: 'suspended' }), suspended(), []],
  ['wanted suspended, no world', vm({ desiredPowerState: 'suspended' }), null, []],
  ['wanted suspended, off', vm({ desiredPowerState: 'suspended' }), world('off'), []],
  [
    'wanted suspended, runs',
    vm({ desiredPowerState: 'suspended' }),
    world('running'),
    [{ kind: 'suspend', vmId: 'vm-1' }],
  ],
  [
    'registered elsewhere, suspended here',
    vm(elsewhere),
    suspended(),
    [{ kind: 'unregister', vmId: 'vm-1' }],
  ],
  [
    'registered elsewhere, runs only here',
    vm(elsewhere),
    world('running'),
    [{ kind: 'adopt', vmId: 'vm-1' }],
  ],
  [
    'registered elsewhere, runs there too',
    vm({ ...elsewhere, runsAtHome: true }),
    world('running'),
    off,
  ],
  [
    'registered and running elsewhere, tried to be started here',
    vm({ ...elsewhere, runsAtHome: true }),
    world('faulted'),
    off,
  ],
  [
    'registered elsewhere, tried to be started here, and running nowhere',
    vm(elsewhere),
    world('faulted'),
    [],
  ],
  [
    'registered elsewhere, home unknown',
    vm({ ...elsewhere, runsAtHome: null }),
    world('running'),
    [],
  ],
  [
    'registered elsewhere, off here',
    vm(elsewhere),
    world('off'),
    [{ kind: 'unregister', vmId: 'vm-1' }],
  ],
  [
    'registered elsewhere, coming here by a task',
    vm({ ...elsewhere, hasTask: true }),
    world('migratingIn'),
    [],
  ],
  [
    'registered elsewhere, a place nobody comes to',
    vm(elsewhere),
    world('migratingIn'),
    [{ kind: 'clearPlace', vmId: 'vm-1' }],
  ],
];

describe('a VM', () => {
  test.each(VM_CASES)('%s', (_, wanted, found, mendings) => {
    const report = { ...quiet, worlds: found ? [found] : [] };
    expect(planMending(host, [wanted], report)).toEqual(mendings);
  });

  test('is not powered on while its host is in maintenance mode', () => {
    const inMaintenance = { ...host, maintenanceState: 'inMaintenance' };
    const report = { ...quiet, maintenanceMode: true };
    expect(planMending(inMaintenance, [vm()], report)).toEqual([]);
  });
});

const configure: Mending[] = [{ kind: 'configure' }];
const HOST_CASES: [string, Partial<WantedHost>, Partial<HostReport>, Mending[]][] = [
  ['is as wanted', {}, {}, []],
  ['does not know who it is', {}, { hostId: '' }, configure],
  ['mounts nothing', {}, { datastores: [] }, configure],
  ['mounts too much', { mounts: [] }, {}, configure],
  [
    'shall be in maintenance mode',
    { maintenanceState: 'inMaintenance' },
    {},
    [{ kind: 'setMaintenanceMode', enabled: true }],
  ],
  [
    'shall not be in it',
    {},
    { maintenanceMode: true },
    [{ kind: 'setMaintenanceMode', enabled: false }],
  ],
  ['is entering it: its task decides', { maintenanceState: 'entering' }, {}, []],
];

test.each(HOST_CASES)('a host that %s', (_, wanted, found, mendings) => {
  expect(planMending({ ...host, ...wanted }, [], { ...quiet, ...found })).toEqual(mendings);
});

test('a host with other options of a datastore is configured anew', () => {
  const options = { provider: 'http://127.0.0.1:1', token: 'a token of sixteen' };
  const wanted = { ...host, mounts: [{ ...mount, options }] };
  const [datastore] = quiet.datastores;
  if (!datastore) throw new Error('the report has a datastore');
  const told = (known: Record<string, string>): HostReport => ({
    ...quiet,
    datastores: [{ ...datastore, optionsDigest: optionsDigest(known) }],
  });
  expect(planMending(wanted, [], told(options))).toEqual([]);
  const changed = told({ ...options, token: 'another token of sixteen' });
  expect(planMending(wanted, [], changed)).toEqual([{ kind: 'configure' }]);
  // A host of an older version does not say.
  expect(planMending(wanted, [], quiet)).toEqual([]);
});
