// Operations on whole disks against hosts that TestAgents play: what is refused and why, what ends
// up in the inventory, and what is left after a failure, a cancel or a controller that stops.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Fault } from '../model/fault.ts';
import { GIB } from '../model/limits.ts';
import { cloneVm } from './clones/clone-vm.ts';
import { deleteVm } from './clones/delete-vm.ts';
import { markAsTemplate, markAsVirtualMachine } from './clones/mark-template.ts';
import { createDatastore } from './datastores/create-datastore.ts';
import { deleteDatastore, mountDatastore, unmountDatastore } from './datastores/mount-datastore.ts';
import { addDisk } from './disks/add-disk.ts';
import { growDisk } from './disks/grow-disk.ts';
import { removeDisk } from './disks/remove-disk.ts';
import { relocateVm } from './relocation/relocate-vm.ts';
import { createSnapshot } from './snapshots/create-snapshot.ts';
import { removeAllSnapshots, removeSnapshot } from './snapshots/remove-snapshot.ts';
import { renameSnapshot } from './snapshots/rename-snapshot.ts';
import { revertToSnapshot } from './snapshots/revert-to-snapshot.ts';
import { cancelTask } from './tasks/cancel-task.ts';
import { caller, openTestLab, type TestLab } from './test-lab.ts';
import { assignPolicies } from './vms/assign-policies.ts';
import { migrate } from './vms/migrate.ts';
import { powerOff } from './vms/power-off.ts';
import { powerOn } from './vms/power-on.ts';
import { readVm } from './vms/read-vm.ts';
import { suspendVm } from './vms/suspend-vm.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let lab: TestLab;
let second = '';

beforeAll(async () => {
  lab = await openTestLab();
  const input = {
    ...{ name: 'nfs1', datacenterId: lab.datacenterId, type: 'NFS' as const, path: '/nfs' },
    hostIds: lab.hostIds.slice(0, 3),
    options: {},
  };
  await done(lab.run(createDatastore, input));
  second = (await lab.db.datastore.findUniqueOrThrow({ where: { name: 'nfs1' } })).id;
});
afterAll(() => lab.close());

async function done(running: ReturnType<TestLab['run']>) {
  const task = await running;
  expect(task).toMatchObject({ state: 'success' });
  return task;
}
const idOf = async (name: string) => (await lab.db.vm.findUniqueOrThrow({ where: { name } })).id;
const first = async () =>
  (await lab.db.datastore.findUniqueOrThrow({ where: { name: 'vmfs1' } })).id;
const view = async (name: string) => readVm({ db: lab.db, caller }, await idOf(name));
const snapshot = { description: '', quiesce: false };
function agent(index: number) {
  const found = lab.agents[index];
  if (!found) throw new Error(`no agent ${index}`);
  return found;
}

/** Holds a call until it is let through. */
function gate(): { passed: Promise<void>; pass: () => void } {
  const opened = new AbortController();
  const passed = new Promise<void>((resolve) => {
    opened.signal.addEventListener('abort', () => resolve());
  });
  return { passed, pass: () => opened.abort() };
}

describe('snapshots', () => {
  test('a tree is made, renamed, gone back in and removed', async () => {
    const vmId = await idOf('web01');
    await done(lab.run(createSnapshot, { vmId, name: 'one', ...snapshot }));
    await done(lab.run(createSnapshot, { vmId, name: 'two', ...snapshot }));
    await done(lab.run(renameSnapshot, { vmId, snapshotId: 2, name: 'zwei', description: 'd' }));
    expect(await view('web01')).toMatchObject({
      powerState: 'poweredOn',
      currentSnapshotId: 2,
      disks: [{ path: 'web01/web01-000002.vmdk', usedBytes: 1_048_576 }],
      snapshots: [
        { id: 1, parentId: null, name: 'one', current: false },
        { id: 2, parentId: 1, name: 'zwei', description: 'd', current: true },
      ],
    });
    await done(lab.run(revertToSnapshot, { vmId, snapshotId: 1 }));
    expect(await view('web01')).toMatchObject({ powerState: 'poweredOff', currentSnapshotId: 1 });
    await done(lab.run(removeSnapshot, { vmId, snapshotId: 1, removeChildren: false }));
    expect(await view('web01')).toMatchObject({ snapshots: [{ id: 2, parentId: null }] });
    await done(lab.run(createSnapshot, { vmId, name: 'three', ...snapshot }));
    await done(lab.run(removeAllSnapshots, { vmId }));
    expect(await view('web01')).toMatchObject({ snapshots: [], currentSnapshotId: null });
    await done(lab.run(powerOn, { vmId }));
  });

  test('forbid a change of policy and a larger disk, on the page and in the call', async () => {
    const vmId = await idOf('db01');
    await done(lab.run(createSnapshot, { vmId, name: 'before', ...snapshot }));
    const assignments = [{ diskKey: 2000, policyId: null }];
    const because = { message: expect.stringContaining('snapshots (“before”)') };
    await expect(lab.submit(assignPolicies, { vmId, assignments })).rejects.toMatchObject({
      ...{ fault: 'InvalidState', reasons: [because] },
    });
    const grow = { change: 'growDisk' as const, vmId, diskKey: 2000, capacityBytes: 2 * GIB };
    await expect(lab.submit(growDisk, grow)).rejects.toMatchObject({ reasons: [because] });
    const shown = await view('db01');
    expect(shown.actions.editPolicies).toMatchObject({ allowed: false, reasons: [because] });
    expect(shown.disks[0]?.actions.grow).toMatchObject({ allowed: false, reasons: [because] });
    expect(shown.snapshots[0]?.actions.revert?.warnings[0]?.message).toBe(
      'db01 will be powered off: the snapshot holds disks, no running state.',
    );
    await done(lab.run(removeAllSnapshots, { vmId }));
  });

  test('one that a host refuses leaves no trace, and the layout is read again', async () => {
    const vmId = await idOf('db01');
    agent(1).failures.set('createSnapshot', new Fault('FilterFault', 'trace said no.'));
    const task = await lab.run(createSnapshot, { vmId, name: 'no', ...snapshot });
    expect(task).toMatchObject({ state: 'error', fault: { fault: 'FilterFault' } });
    agent(1).failures.clear();
    const row = await lab.eventually(() =>
      lab.db.vm.findFirst({ where: { id: vmId, layoutReadAt: { not: null } } }),
    );
    expect(row.currentSnapshotId).toBeNull();
  });
});

describe('disks', () => {
  test('grow, are added and removed while the VM is on', async () => {
    const vmId = await idOf('web01');
    const grow = { change: 'growDisk' as const, vmId, diskKey: 2000 };
    await expect(lab.submit(growDisk, { ...grow, capacityBytes: GIB })).rejects.toMatchObject({
      fault: 'InvalidArgument',
    });
    await done(lab.run(growDisk, { ...grow, capacityBytes: 2 * GIB }));
    const disk = { kind: 'new' as const, capacityBytes: GIB, provisioning: 'thin' as const };
    const task = await done(lab.run(addDisk, { change: 'addDisk', vmId, disk }));
    expect(task.result).toEqual({ diskKey: 2001 });
    expect(await view('web01')).toMatchObject({
      disks: [
        { key: 2000, capacityBytes: 2 * GIB },
        { key: 2001, label: 'Hard disk 2', unit: 'scsi0:1', path: 'web01/web01_1.vmdk' },
      ],
    });
    const gone = { change: 'removeDisk' as const, vmId, diskKey: 2001, deleteFiles: true };
    await done(lab.run(removeDisk, gone));
    expect((await view('web01')).disks).toHaveLength(1);
  });

  test('of another VM, or raw in physical mode, are refused', async () => {
    const vmId = await idOf('web01');
    const existing = { kind: 'existing' as const, datastoreId: await first() };
    const taken = { ...existing, path: 'db01/db01.vmdk' };
    await expect(
      lab.submit(addDisk, { change: 'addDisk', vmId, disk: taken }),
    ).rejects.toMatchObject({
      reasons: [{ fault: 'FileLocked', message: 'The disk belongs to db01.' }],
    });
    const raw = { kind: 'rawDevice' as const, device: '/dev/sdb' };
    const disk = { ...raw, compatibilityMode: 'physicalMode' as const };
    await expect(lab.submit(addDisk, { change: 'addDisk', vmId, disk })).rejects.toMatchObject({
      fault: 'RDMNotSupported',
    });
  });
});

describe('clones', () => {
  const target = async (name: string) => ({
    ...{ name, hostId: lab.hostIds[1] ?? '', datastoreId: second, snapshotId: null },
    ...{ linked: false, template: false, powerOn: false },
  });

  test('of a VM that is on: a snapshot, a copy, and no snapshot any more', async () => {
    const vmId = await idOf('web01');
    await done(lab.run(cloneVm, { vmId, ...(await target('web02')) }));
    expect(await view('web02')).toMatchObject({
      ...{ powerState: 'poweredOff', host: { name: 'esx02' }, datastore: { name: 'nfs1' } },
      disks: [{ path: 'web02/web02.vmdk', datastore: { name: 'nfs1' }, capacityBytes: 2 * GIB }],
    });
    expect(await view('web01')).toMatchObject({ powerState: 'poweredOn', snapshots: [] });
    const calls = agent(0).calls.map(({ name }) => name);
    expect(calls.slice(-3)).toEqual(['createSnapshot', 'cloneVm', 'removeSnapshot']);
    await expect(lab.submit(cloneVm, { vmId, ...(await target('web02')) })).rejects.toMatchObject({
      fault: 'DuplicateName',
    });
  });

  test('that fail leave the source without the snapshot and nothing of the clone', async () => {
    const vmId = await idOf('web01');
    agent(0).failures.set('cloneVm', new Fault('NoDiskSpace', 'nfs1 is full.'));
    const task = await lab.run(cloneVm, { vmId, ...(await target('web03')) });
    expect(task).toMatchObject({ state: 'error', fault: { fault: 'NoDiskSpace' } });
    agent(0).failures.clear();
    expect(await view('web01')).toMatchObject({ snapshots: [] });
    expect(await lab.db.vm.findUnique({ where: { name: 'web03' } })).toBeNull();
  });

  test('go on under another controller from where the first one stopped', async () => {
    const vmId = await idOf('web01');
    const open = gate();
    agent(0).gates.set('cloneVm', open.passed);
    const taskId = await lab.submit(cloneVm, { vmId, ...(await target('web04')) });
    await lab.eventually(async () => agent(0).calls.at(-1)?.name === 'cloneVm');
    await lab.stopController();
    const seen = agent(0).calls.length;
    lab.startController();
    open.pass();
    agent(0).gates.clear();
    await done(lab.ended(taskId));
    expect(await view('web04')).toMatchObject({ powerState: 'poweredOff' });
    expect(await view('web01')).toMatchObject({ snapshots: [] });
    // The copy was joined, not begun again.
    expect(
      agent(0)
        .calls.slice(seen)
        .map(({ name }) => name),
    ).toEqual(['removeSnapshot']);
  });

  test('that are cancelled end when the host has stopped', async () => {
    const vmId = await idOf('web01');
    const open = gate();
    agent(0).gates.set('cloneVm', open.passed);
    const taskId = await lab.submit(cloneVm, { vmId, ...(await target('web05')) });
    await lab.eventually(async () => agent(0).calls.at(-1)?.name === 'cloneVm');
    agent(0).failures.set('cloneVm', new Fault('RequestCanceled', 'It was cancelled.'));
    await cancelTask(lab.db, caller, taskId);
    await lab.eventually(async () =>
      agent(0).calls.some(
        (call) => call.name === 'cancelOperation' && call.operationKey.startsWith(taskId),
      ),
    );
    open.pass();
    expect(await lab.ended(taskId)).toMatchObject({ state: 'canceled' });
    agent(0).failures.clear();
    agent(0).gates.clear();
    expect(await view('web01')).toMatchObject({ snapshots: [] });
  });

  test('linked to a snapshot hold it, and the VM, until they are gone', async () => {
    const vmId = await idOf('db01');
    const linked = { ...(await target('db02')), linked: true };
    await expect(lab.submit(cloneVm, { vmId, ...linked })).rejects.toMatchObject({
      fault: 'InvalidArgument',
    });
    await done(lab.run(createSnapshot, { vmId, name: 'base', ...snapshot }));
    await done(lab.run(cloneVm, { vmId, ...linked, snapshotId: 1 }));
    expect(await view('db02')).toMatchObject({ linkedTo: { vm: { name: 'db01' }, snapshotId: 1 } });
    await expect(lab.submit(removeAllSnapshots, { vmId })).rejects.toMatchObject({
      ...{ fault: 'ResourceInUse', message: expect.stringContaining('db02 is a linked clone') },
    });
    await done(lab.run(powerOff, { vmId }));
    await expect(lab.submit(deleteVm, { vmId })).rejects.toMatchObject({ fault: 'ResourceInUse' });
    const cloneId = await idOf('db02');
    await done(lab.run(deleteVm, { vmId: cloneId }));
    expect(lab.layouts.find(cloneId)).toBeUndefined();
    // Whoever looks at the parent reads it again when a clone comes, and when it goes.
    const changes = { object: vmId, path: 'linkedClones' };
    expect(await lab.db.change.count({ where: changes })).toBe(2);
    await done(lab.run(removeAllSnapshots, { vmId }));
    await done(lab.run(powerOn, { vmId }));
  });

  test('to a template, which does not run until it is a VM again', async () => {
    const vmId = await idOf('web02');
    await done(lab.run(markAsTemplate, { vmId }));
    await expect(lab.submit(powerOn, { vmId })).rejects.toMatchObject({
      message: 'web02 is a template.',
    });
    await done(lab.run(cloneVm, { vmId, ...(await target('web06')), powerOn: true }));
    await lab.eventually(async () => (await view('web06')).powerState === 'poweredOn');
    await done(lab.run(markAsVirtualMachine, { vmId }));
    await done(lab.run(powerOn, { vmId }));
    await done(lab.run(powerOff, { vmId }));
  });
});

describe('storage migration', () => {
  test('moves home and disks, and the host with them', async () => {
    const vmId = await idOf('web01');
    const hostId = lab.hostIds[2] ?? '';
    await done(lab.run(relocateVm, { vmId, hostId, datastoreId: second, disks: [] }));
    expect(await view('web01')).toMatchObject({
      ...{ powerState: 'poweredOn', host: { name: 'esx03' }, datastore: { name: 'nfs1' } },
      disks: [{ datastore: { name: 'nfs1' }, path: 'web01/web01.vmdk' }],
    });
    await expect(
      lab.submit(relocateVm, { vmId, datastoreId: second, disks: [] }),
    ).rejects.toMatchObject({ message: 'web01 is there already.' });
  });

  test('takes a detour to a host that reaches the old datastore not', async () => {
    const vmId = await idOf('web01');
    const alone = lab.hostIds[3] ?? '';
    await expect(lab.submit(migrate, { vmId, hostId: alone })).rejects.toMatchObject({
      fault: 'InvalidDatastore',
    });
    const datastoreId = await first();
    await done(lab.run(relocateVm, { vmId, hostId: alone, datastoreId, disks: [] }));
    expect(await view('web01')).toMatchObject({ host: { name: 'esx04' } });
    await done(lab.run(migrate, { vmId, hostId: lab.hostIds[0] ?? '' }));
  });
});

describe('suspended', () => {
  test('a VM stays so, moves cold, and goes on where it is', async () => {
    const vmId = await idOf('web01');
    await done(lab.run(suspendVm, { vmId }));
    expect(await view('web01')).toMatchObject({ powerState: 'suspended' });
    agent(0).changed();
    await done(lab.run(migrate, { vmId, hostId: lab.hostIds[2] ?? '' }));
    await lab.eventually(async () => (await view('web01')).host.name === 'esx03');
    expect(await view('web01')).toMatchObject({ powerState: 'suspended' });
    expect(agent(2).world(vmId)).toBeUndefined();
    await done(lab.run(powerOn, { vmId }));
    expect(await view('web01')).toMatchObject({ powerState: 'poweredOn' });
  });
});

describe('datastores', () => {
  test('in use stay; others are unmounted, mounted and removed', async () => {
    const hostId = lab.hostIds[0] ?? '';
    await expect(lab.submit(deleteDatastore, { datastoreId: second })).rejects.toMatchObject({
      fault: 'ResourceInUse',
    });
    const input = { name: 'spare', datacenterId: lab.datacenterId, type: 'VMFS' as const };
    const task = await done(
      lab.run(createDatastore, { ...input, path: '/sp', hostIds: [hostId], options: {} }),
    );
    const { id: datastoreId } = await lab.db.datastore.findUniqueOrThrow({
      where: { name: 'spare' },
    });
    expect(task.result).toEqual({ datastoreId });
    await done(lab.run(unmountDatastore, { datastoreId, hostId }));
    await lab.eventually(
      async () => !agent(0).report.datastores.some(({ id }) => id === datastoreId),
    );
    await done(lab.run(mountDatastore, { datastoreId, hostId }));
    await done(lab.run(deleteDatastore, { datastoreId }));
    expect(await lab.db.datastore.findUnique({ where: { id: datastoreId } })).toBeNull();
  });
});
