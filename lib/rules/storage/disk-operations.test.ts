// Snapshots, disks, clones, storage migration and datastores by table: each thing that can be in
// the way, alone, and the words for it.
import { describe, expect, test } from 'vitest';
import { GIB, SNAPSHOT_DEPTH_MAX } from '../../model/limits.ts';
import type { Verdict } from '../../model/verdict.ts';
import { datastoreFacts, diskFacts, hostFacts, snapshotFacts, vmFacts } from '../facts.fixture.ts';
import type { VmFacts } from '../facts.ts';
import {
  judgeClone,
  judgeDelete,
  judgeMarkAsTemplate,
  judgeMarkAsVirtualMachine,
} from './clone.ts';
import {
  judgeCreateDatastore,
  judgeDeleteDatastore,
  judgeMount,
  judgeUnmount,
} from './datastores.ts';
import { judgeAddDisk, judgeGrowDisk, judgeRemoveDisk } from './disks.ts';
import { planRelocation, type RelocationFacts } from './relocation.ts';
import {
  descendants,
  judgeCreateSnapshot,
  judgeRemoveAllSnapshots,
  judgeRemoveSnapshot,
  judgeRevert,
  snapshotDepth,
} from './snapshots.ts';

const host = hostFacts({ id: 'host-1' });
const away = hostFacts({ id: 'host-1', connectionState: 'notResponding' });
const datastore = datastoreFacts({ id: 'datastore-1', name: 'vmfs-01' });
const vm = vmFacts({ id: 'vm-1' });
const one = snapshotFacts({ id: 1, name: 'one' });
const two = snapshotFacts({ id: 2, parentId: 1, name: 'two' });
const clone = { id: 'vm-9', name: 'clone' };
const withSnapshots: Partial<VmFacts> = { snapshots: [one, two], currentSnapshotId: 2 };
const faultsOf = ({ reasons }: Verdict) => reasons.map(({ fault }) => fault);
const of = (more: Partial<VmFacts>) => vmFacts({ id: 'vm-1', ...more });

/** So many on top of each other. */
function chain(length: number): Partial<VmFacts> {
  const snapshots = Array.from({ length }, (_, index) =>
    snapshotFacts({ id: index + 1, parentId: index === 0 ? null : index }),
  );
  return { snapshots, currentSnapshotId: length };
}

describe('a snapshot', () => {
  test.each<[string, Partial<VmFacts>, string[]]>([
    ['of a VM that is on', {}, []],
    ['of one that is off', { powerState: 'poweredOff' }, []],
    ['of a suspended one', { powerState: 'suspended' }, ['InvalidPowerState']],
    ['of a template', { isTemplate: true }, ['InvalidState']],
    ['of nothing', { disks: [] }, ['InvalidState']],
    ['on the last level but one', chain(SNAPSHOT_DEPTH_MAX - 1), []],
    ['on too many others', chain(SNAPSHOT_DEPTH_MAX), ['TooManySnapshotLevels']],
  ])('%s', (_, more, faults) => {
    expect(faultsOf(judgeCreateSnapshot(of(more), host))).toEqual(faults);
  });

  test('needs the host', () => {
    expect(faultsOf(judgeCreateSnapshot(vm, away))).toEqual(['HostNotConnected']);
  });

  test('is gone back to with a word about what that ends', () => {
    const verdict = judgeRevert(of(withSnapshots), host, 1);
    expect(verdict.allowed).toBe(true);
    expect(verdict.warnings.map(({ message }) => message)[0]).toContain('will be powered off');
    expect(judgeRevert(of({ ...withSnapshots, powerState: 'poweredOff' }), host, 1)).toMatchObject({
      ...{ allowed: true, warnings: [{ fault: 'InvalidState' }] },
    });
    expect(faultsOf(judgeRevert(vm, host, null))).toEqual(['NotFound']);
  });

  test('on which a linked clone builds stays, alone and with its children', () => {
    const held = of({ ...withSnapshots, snapshots: [one, { ...two, linkedClones: [clone] }] });
    const remove = (snapshotId: number, removeChildren: boolean) =>
      faultsOf(judgeRemoveSnapshot(held, host, { snapshotId, removeChildren }));
    expect(remove(1, false)).toEqual([]);
    expect(remove(1, true)).toEqual(['ResourceInUse']);
    expect(remove(2, false)).toEqual(['ResourceInUse']);
    expect(remove(3, false)).toEqual(['NotFound']);
    expect(faultsOf(judgeRemoveAllSnapshots(held, host))).toEqual(['ResourceInUse']);
    expect(faultsOf(judgeRemoveAllSnapshots(vm, host))).toEqual(['NotFound']);
    expect(faultsOf(judgeDelete({ ...held, powerState: 'poweredOff' }, host))).toEqual([
      'ResourceInUse',
    ]);
  });

  test('counts its level, and never runs in a circle', () => {
    expect(snapshotDepth(of(withSnapshots), 2)).toBe(2);
    expect(snapshotDepth(vm, null)).toBe(0);
    const circle = [snapshotFacts({ id: 1, parentId: 2 }), snapshotFacts({ id: 2, parentId: 1 })];
    expect(snapshotDepth({ snapshots: circle }, 1)).toBeLessThanOrEqual(3);
    expect(descendants([one, two], 1)).toEqual([1, 2]);
  });
});

describe('a disk', () => {
  test.each<[string, Partial<VmFacts>, number, string[]]>([
    ['grows', {}, 2 * GIB, []],
    ['stays as large', {}, GIB, ['InvalidArgument']],
    ['shrinks', {}, GIB / 2, ['InvalidArgument']],
    ['with snapshots', withSnapshots, 2 * GIB, ['InvalidState']],
    ['of a linked clone', { linkedTo: { vmId: 'vm-2', snapshotId: 1 } }, 2 * GIB, ['InvalidState']],
    ['of a suspended VM', { powerState: 'suspended' }, 2 * GIB, ['InvalidPowerState']],
  ])('that %s', (_, more, capacityBytes, faults) => {
    const disk = diskFacts();
    expect(faultsOf(judgeGrowDisk(of(more), host, { disk, capacityBytes, datastore }))).toEqual(
      faults,
    );
  });

  test('that takes its space at once needs it', () => {
    const disk = diskFacts({ provisioning: 'thick' });
    const facts = { disk, capacityBytes: 100 * GIB, datastore };
    expect(faultsOf(judgeGrowDisk(vm, host, facts))).toEqual(['NoDiskSpace']);
  });

  const added = {
    ...{ vm, host, datastore, kind: 'new' as const, neededBytes: 0, physicalMode: false },
    ...{ usedBy: null, freeUnits: 59 },
  };
  test.each<[string, Partial<Parameters<typeof judgeAddDisk>[0]>, string[]]>([
    ['is added', {}, []],
    ['finds no unit', { freeUnits: 0 }, ['InvalidState']],
    ['is raw in physical mode', { physicalMode: true }, ['RDMNotSupported']],
    ['is another VM’s', { usedBy: clone }, ['FileLocked']],
    ['finds no space', { neededBytes: 60 * GIB }, ['NoDiskSpace']],
    ['is not reached', { host: hostFacts({ id: 'host-1', datastores: [] }) }, ['InvalidDatastore']],
    ['comes to a template', { vm: of({ isTemplate: true }) }, ['InvalidState']],
  ])('that %s', (_, more, faults) => {
    expect(faultsOf(judgeAddDisk({ ...added, ...more }))).toEqual(faults);
  });

  test('leaves with its files unless a snapshot needs them', () => {
    const disk = diskFacts();
    const remove = (more: Partial<VmFacts>, deleteFiles: boolean) =>
      judgeRemoveDisk(of(more), host, { disk, deleteFiles }).allowed;
    expect([remove({}, true), remove(withSnapshots, false)]).toEqual([true, true]);
    expect(remove(withSnapshots, true)).toBe(false);
  });
});

describe('a clone', () => {
  const facts = {
    ...{ vm, host, destination: host, datastore, name: 'copy', nameTaken: false },
    ...{ linked: false, snapshotId: null, template: false, powerOn: false, neededBytes: GIB },
  };
  const bare = hostFacts({ id: 'host-2', filters: [] });
  const elsewhere = hostFacts({ id: 'host-2', datastores: [] });
  test.each<[string, Partial<typeof facts>, string[]]>([
    ['of a VM that is on', {}, []],
    ['with a name that is taken', { nameTaken: true }, ['DuplicateName']],
    ['to a host without the filter', { destination: bare }, ['GenericVmConfigFault']],
    ['to a host without the datastore', { destination: elsewhere }, ['InvalidDatastore']],
    ['without space', { neededBytes: 60 * GIB }, ['NoDiskSpace']],
    ['linked to no snapshot', { linked: true } as object, ['InvalidArgument']],
    ['linked, of a space too small for a copy', linkedTo(1, 60 * GIB), []],
    ['of a snapshot that is not there', { snapshotId: 7 } as object, ['NotFound']],
    ['of a suspended VM', { vm: of({ powerState: 'suspended' }) }, ['InvalidPowerState']],
    ['that is a template and on', { template: true, powerOn: true }, ['InvalidArgument']],
  ])('%s', (_, more, faults) => {
    expect(faultsOf(judgeClone({ ...facts, ...more }))).toEqual(faults);
  });

  function linkedTo(snapshotId: number, neededBytes: number): object {
    return { linked: true, snapshotId, neededBytes, vm: of(withSnapshots) };
  }

  test('may become a template when off, and a VM again where its filters are', () => {
    const off = of({ powerState: 'poweredOff' });
    expect(faultsOf(judgeMarkAsTemplate(vm))).toEqual(['InvalidPowerState']);
    expect(judgeMarkAsTemplate(off).allowed).toBe(true);
    const template = { ...off, isTemplate: true };
    expect(faultsOf(judgeMarkAsTemplate(template))).toEqual(['InvalidState']);
    expect(judgeMarkAsVirtualMachine(template, host).allowed).toBe(true);
    expect(faultsOf(judgeMarkAsVirtualMachine(template, bare))).toEqual(['GenericVmConfigFault']);
    expect(faultsOf(judgeDelete(vm, host))).toEqual(['InvalidPowerState']);
  });
});

describe('storage migration', () => {
  const mount = (...names: number[]) =>
    names.map((number) => ({
      ...{ id: `datastore-${number}`, name: `vmfs-0${number}`, accessible: true },
    }));
  const there = (number: number) => ({
    homeDatastoreId: `datastore-${number}`,
    disks: [{ key: 2000, datastoreId: `datastore-${number}`, provisioning: 'thin' as const }],
  });
  const plan = (here: number[], beyond: number[] | null, more: Partial<RelocationFacts> = {}) => {
    const source = hostFacts({ id: 'host-1', datastores: mount(...here), memoryGrantedMib: 2048 });
    const other = hostFacts({ id: 'host-2', datastores: mount(...(beyond ?? [])) });
    const { verdict, steps } = planRelocation({
      ...{ vm, host: source, destination: beyond ? other : source, wanted: there(2) },
      datastores: [1, 2, 3].map((number) => datastoreFacts({ id: `datastore-${number}` })),
      ...more,
    });
    const shown = steps.map((step) =>
      step.kind === 'migrate' ? step.hostId : step.place.homeDatastoreId,
    );
    return verdict.allowed ? shown : faultsOf(verdict);
  };

  test.each<[string, number[], number[] | null, string[]]>([
    ['alone', [1, 2], null, ['datastore-2']],
    ['alone, not reached', [1], null, ['InvalidDatastore']],
    ['before the host', [1, 2], [2], ['datastore-2', 'host-2']],
    ['after the host', [1], [1, 2], ['host-2', 'datastore-2']],
    ['by a detour', [1, 3], [2, 3], ['datastore-3', 'host-2', 'datastore-2']],
    ['with nothing in common', [1], [2], ['InvalidDatastore']],
    ['to a host that does not reach it', [1, 2], [1], ['InvalidDatastore']],
  ])('%s', (_, here, beyond, expected) => {
    expect(plan(here, beyond)).toEqual(expected);
  });

  test.each<[string, Partial<RelocationFacts>, string[]]>([
    ['to where it is', { wanted: there(1) }, ['InvalidArgument']],
    ['of a suspended VM', { vm: of({ powerState: 'suspended' }) }, ['InvalidPowerState']],
    [
      'of a linked clone',
      { vm: of({ linkedTo: { vmId: 'vm-2', snapshotId: 1 } }) },
      ['InvalidState'],
    ],
    [
      'of the parent of one',
      { vm: of({ snapshots: [{ ...one, linkedClones: [clone] }] }) },
      ['ResourceInUse'],
    ],
    [
      'of more than there is room for',
      { vm: of({ disks: [diskFacts({ usedBytes: 60 * GIB, capacityBytes: 60 * GIB })] }) },
      ['NoDiskSpace'],
    ],
  ])('%s is refused', (_, more, faults) => {
    expect(plan([1, 2], null, more)).toEqual(faults);
  });
});

describe('a datastore', () => {
  const user = { id: 'vm-1', name: 'web01', hostId: 'host-1' };

  test('is named and placed once', () => {
    const place = { type: 'NFS', options: {} } as const;
    const facts = { ...place, name: 'new', path: '/new', hosts: [host] };
    const others = [
      { id: 'datastore-1', name: 'new', path: '/x' },
      { id: 'datastore-2', name: 'x', path: '/new' },
    ];
    expect(judgeCreateDatastore({ ...facts, others: [] }).allowed).toBe(true);
    expect(faultsOf(judgeCreateDatastore({ ...facts, others }))).toEqual([
      'DuplicateName',
      'AlreadyExists',
    ]);
    expect(faultsOf(judgeCreateDatastore({ ...facts, hosts: [away], others: [] }))).toEqual([
      'HostNotConnected',
    ]);
  });

  test('has what its type needs', () => {
    const facts = { name: 'new', path: '/new', others: [] };
    const three = { ...facts, hosts: [host, host, host] };
    const provider = { provider: 'http://127.0.0.1:8093', token: 'sealed' };
    const judged = [
      judgeCreateDatastore({ ...three, type: 'vsan', options: { capacityBytes: '1000' } }),
      judgeCreateDatastore({ ...three, type: 'vsan', options: { 'directory.esx01': '/disk' } }),
      judgeCreateDatastore({ ...three, type: 'VVOL', options: provider }),
    ];
    expect(judged.map(({ allowed }) => allowed)).toEqual([true, true, true]);
    const refused = [
      judgeCreateDatastore({ ...facts, hosts: [host], type: 'vsan', options: {} }),
      judgeCreateDatastore({ ...three, type: 'vsan', options: { capacityBytes: 'much' } }),
      judgeCreateDatastore({ ...three, type: 'VVOL', options: { token: 'sealed' } }),
      judgeCreateDatastore({ ...three, type: 'VVOL', options: { ...provider, token: '' } }),
      judgeCreateDatastore({ ...three, type: 'NFS', options: { server: 'nas' } }),
    ];
    expect(refused.map(faultsOf)).toEqual(refused.map(() => ['InvalidArgument']));
  });

  test('is mounted once, and leaves when nobody uses it', () => {
    const bare = hostFacts({ id: 'host-2', datastores: [] });
    expect(judgeMount(datastore, bare).allowed).toBe(true);
    expect(faultsOf(judgeMount(datastore, host))).toEqual(['AlreadyExists']);
    expect(faultsOf(judgeUnmount(datastore, bare, []))).toEqual(['NotFound']);
    expect(judgeUnmount(datastore, host, [{ ...user, hostId: 'host-2' }]).allowed).toBe(true);
    expect(faultsOf(judgeUnmount(datastore, host, [user]))).toEqual(['ResourceInUse']);
    expect(judgeDeleteDatastore(datastore, []).allowed).toBe(true);
    expect(judgeDeleteDatastore(datastore, Array(5).fill(user)).reasons[0]?.message).toBe(
      'vmfs-01 is in use by web01, web01, web01 and 2 more.',
    );
  });
});
