// The rules around filters by table: order, sets, installation, removal, assignment, evacuation.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import { hostFacts, snapshotFacts, vmFacts } from './facts.fixture.ts';
import {
  type InstallFacts,
  judgeFilterInstall,
  judgeFilterUninstall,
  judgeSigning,
} from './filter-install.ts';
import { judgeFilterSet, orderFilters } from './filter-order.ts';
import { planEvacuation } from './maintenance.ts';
import { judgeAssignment, judgeDatastoreForFilters } from './policy-assignment.ts';

const classes = Object.keys(FILTER_CLASSES) as FilterClass[];
const filter = (filterClass: FilterClass, properties = {}) => ({
  name: filterClass,
  class: filterClass,
  properties,
});
const names = (filters: { name: string }[]) => filters.map(({ name }) => name).join(' ');

describe('call order', () => {
  const rest = ['inspection', 'compression', 'replication', 'cache'];
  test('encryption first of all by default', () => {
    const ordered = orderFilters([...classes].reverse().map((c) => filter(c)));
    expect(names(ordered)).toBe(
      ['encryption', ...rest, 'dataProvider', 'datastoreIoControl'].join(' '),
    );
  });
  test('encryption after the cache when its policy allows clear-text filters before it', () => {
    const all = classes.map((c) =>
      filter(c, c === 'encryption' ? { AllowCleartextFilters: 'True' } : {}),
    );
    expect(names(orderFilters(all))).toBe(
      [...rest, 'encryption', 'dataProvider', 'datastoreIoControl'].join(' '),
    );
  });
  test('does not depend on the order given', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(classes), (some) => {
        const ordered = orderFilters(some.map((c) => filter(c)));
        expect(ordered).toEqual(orderFilters([...some].reverse().map((c) => filter(c))));
      }),
    );
  });
  test('one filter of a class', () => {
    expect(
      judgeFilterSet([filter('cache'), { ...filter('cache'), name: 'other' }]).reasons[0]?.message,
    ).toBe('A disk takes one filter of the class Caching; the policy names cache and other.');
    expect(judgeFilterSet(classes.map((c) => filter(c))).allowed).toBe(true);
  });
});

const install = (more: Partial<InstallFacts>): InstallFacts => ({
  computeResource: { name: 'Prod', kind: 'cluster' },
  drsEnabled: true,
  hosts: [{ id: 'host-1', name: 'esx01', version: '6.0.2', connectionState: 'connected' }],
  filter: { name: 'trace', vendor: 'SLU', version: '1.0.0', type: 'inspection' },
  platformSigned: false,
  vibFileName: 'trace.vib',
  vibId: 'SLU_bootbank_trace_1.0.0',
  platforms: [],
  installed: [],
  ...more,
});

describe('installation', () => {
  const old = {
    id: 'host-1',
    name: 'esx01',
    version: '6.0.0',
    connectionState: 'connected',
  } as const;
  test.each([
    ['a standalone host', { computeResource: { name: 'esx04', kind: 'host' } }, 'InvalidArgument'],
    ['a VIB without a filter', { filter: null }, 'InvalidArgument'],
    ['a cluster without hosts', { hosts: [] }, 'InvalidState'],
    [
      'the same name and vendor',
      { installed: [{ name: 'trace', vendor: 'SLU', version: '0.9.0' }] },
      'AlreadyExists',
    ],
    ['a host of 6.0', { hosts: [old] }, 'PlatformConfigFault'],
    [
      '6.0 U1 with DRS disabled',
      { hosts: [{ ...old, version: '6.0.1' }], drsEnabled: false },
      'InvalidState',
    ],
  ] as const)('%s is refused', (_name, change, fault) => {
    expect(judgeFilterInstall(install(change as Partial<InstallFacts>)).reasons[0]?.fault).toBe(
      fault,
    );
  });
  test.each([
    ['in good order', {}],
    ['6.0 U1 with DRS enabled', { hosts: [{ ...old, version: '6.0.1' }] }],
    ['6.0 U2 with DRS disabled', { drsEnabled: false }],
    [
      'the same name by another vendor',
      { installed: [{ name: 'trace', vendor: 'ACME', version: '1' }] },
    ],
  ] as const)('%s is allowed', (_name, change) => {
    expect(judgeFilterInstall(install(change as Partial<InstallFacts>)).allowed).toBe(true);
  });
  test('removal names the disks, and needs DRS', () => {
    const verdict = judgeFilterUninstall({
      cluster: { name: 'Prod', drsEnabled: false },
      filterId: 'SLU_trace_1.0.0',
      disks: [{ vmId: 'vm-1', vmName: 'web01', diskLabel: 'Hard disk 1' }],
    });
    expect(verdict.reasons.map((reason) => reason.fault)).toEqual(['FilterInUse', 'InvalidState']);
    expect(verdict.reasons[0]?.message).toContain('web01 (Hard disk 1)');
  });
});

describe('assignment', () => {
  const vm = vmFacts({ id: 'vm-1' });
  const [disk] = vm.disks;
  if (!disk) throw new Error('the fixture has a disk');
  const facts = { vm, disk, host: hostFacts({ id: 'host-1' }), movingBy: null };
  const traced = [{ name: 'trace', class: 'inspection', properties: {} } as const];
  test('needs the filter on the host of the VM', () => {
    expect(judgeAssignment({ ...facts, filters: [...traced] }).allowed).toBe(true);
    const bare = hostFacts({ id: 'host-1', filters: [] });
    expect(
      judgeAssignment({ ...facts, host: bare, filters: [...traced] }).reasons[0]?.message,
    ).toBe('The I/O filter trace (Inspection) is not installed on esx01.');
    expect(judgeAssignment({ ...facts, host: bare, filters: [] }).allowed).toBe(true);
  });
  test('encrypts a disk that is off at its next power on, and decrypts none', () => {
    const encrypted = [filter('encryption')];
    const installed = { vendor: 'SLU', version: '1.0.0', available: true };
    const filters = encrypted.map((each) => ({ ...each, ...installed }));
    const host = hostFacts({ id: 'host-1', filters });
    const off = { ...facts, host, vm: { ...facts.vm, powerState: 'poweredOff' as const } };
    const { allowed, warnings } = judgeAssignment({ ...off, filters: encrypted });
    expect([allowed, warnings[0]?.message]).toEqual([true, expect.stringMatching(/clear text/)]);
    expect(judgeAssignment({ ...facts, host, filters: encrypted }).warnings).toEqual([]);
    const disk = { ...facts.disk, filters: encrypted };
    expect(judgeAssignment({ ...off, disk, filters: encrypted }).warnings).toEqual([]);
    expect(judgeAssignment({ ...off, disk, filters: [] }).reasons).toMatchObject([
      { fault: 'InvalidPowerState', remedy: expect.stringMatching(/^Power on/) },
    ]);
  });
  test('is refused during a migration', () => {
    const verdict = judgeAssignment({ ...facts, filters: [], movingBy: 'Migrate virtual machine' });
    expect(verdict.reasons[0]?.fault).toBe('InvalidState');
  });
  test('is refused while there are snapshots, also to detach', () => {
    const vm = { ...facts.vm, snapshots: [snapshotFacts({ id: 1 })], currentSnapshotId: 1 };
    for (const filters of [[], [...traced]]) {
      const verdict = judgeAssignment({ ...facts, vm, filters });
      expect(verdict.reasons[0]?.message).toMatch(
        /snapshot.*storage policies cannot be added, changed or removed/,
      );
    }
  });
  test('a datastore is compatible when one connected host has the filter', () => {
    const store = { id: 'datastore-1', name: 'vmfs-01' };
    const hosts = [hostFacts({ id: 'host-1', filters: [] }), hostFacts({ id: 'host-2' })];
    expect(judgeDatastoreForFilters(store, hosts, [...traced])).toMatchObject({
      verdict: { allowed: true },
      compatibleHosts: ['host-2'],
    });
    expect(judgeDatastoreForFilters(store, hosts.slice(0, 1), [...traced]).verdict.allowed).toBe(
      false,
    );
  });
});

test('evacuation goes to compatible hosts only and names what blocks it', () => {
  const host = hostFacts({ id: 'host-1', memoryGrantedMib: 6_144 });
  const bare = hostFacts({ id: 'host-3', filters: [] });
  const vms = [1, 2, 3].map((n) => vmFacts({ id: `vm-${n}` }));
  const good = planEvacuation(host, [host, hostFacts({ id: 'host-2' }), bare], vms);
  expect(good.moves.map((move) => move.toHostId)).toEqual(['host-2', 'host-2', 'host-2']);
  const stuck = planEvacuation(host, [host, bare], vms);
  expect(stuck.moves).toEqual([]);
  expect(stuck.blocked.map((blocked) => blocked.vmId)).toEqual(['vm-1', 'vm-2', 'vm-3']);
  expect(stuck.blocked[0]?.reasons[0]?.message).toContain('trace');
});

test('what is off or suspended leaves when that is wanted, without needing memory', () => {
  const host = hostFacts({ id: 'host-1' });
  const full = hostFacts({ id: 'host-2', memoryGrantedMib: 16_384 });
  const bare = hostFacts({ id: 'host-3', filters: [] });
  const vms = [
    vmFacts({ id: 'vm-1', powerState: 'poweredOff' }),
    vmFacts({ id: 'vm-2', powerState: 'suspended', memoryMib: 65_536 }),
  ];
  expect(planEvacuation(host, [full], vms)).toEqual({ moves: [], blocked: [] });
  const { moves } = planEvacuation(host, [bare, full], vms, true);
  expect(moves).toEqual([
    { vmId: 'vm-1', toHostId: 'host-2' },
    { vmId: 'vm-2', toHostId: 'host-2' },
  ]);
  const { blocked } = planEvacuation(host, [bare], vms, true);
  expect(blocked.map(({ vmId }) => vmId)).toEqual(['vm-1', 'vm-2']);
});

describe('classes of the platform vendor', () => {
  const limit = {
    name: 'limit',
    vendor: 'ACM',
    version: '1.0',
    type: 'datastoreIoControl' as const,
  };

  test.each([
    [false, false],
    [true, true],
  ])('install when the vendor has signed: %s', (platformSigned, allowed) => {
    const verdict = judgeFilterInstall(install({ filter: limit, platformSigned }));
    expect(verdict.allowed).toBe(allowed);
    if (!allowed) expect(verdict.reasons[0]?.fault).toBe('ExtensibilityError');
  });

  test.each([
    ['encryption', 'SLU', 'VMwareCertified', true],
    ['encryption', 'SLU', 'VMwareAccepted', true],
    ['encryption', 'SLU', 'PartnerSupported', false],
    ['encryption', 'ACM', 'VMwareCertified', false],
    ['datastoreIoControl', 'ACM', 'CommunitySupported', false],
    ['cache', 'ACM', 'VMwareAccepted', true],
    ['cache', 'ACM', 'CommunitySupported', true],
  ] as const)('%s of %s is signed for %s: %s', (filterClass, vendor, level, allowed) => {
    const facts = { vibId: 'v', vendor, platformVendor: 'SLU', filterClass, level };
    const verdict = judgeSigning(facts);
    expect(verdict.allowed).toBe(allowed);
    if (!allowed) expect(verdict.reasons[0]?.message).toMatch(/vendor of the platform alone/);
  });
});
