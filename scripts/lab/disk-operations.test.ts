// Operations on whole disks with a real controller process, real host agents and real disks, each
// content read back by qemu-io; and with the controller killed in the middle of the long ones.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { cloneVm } from '#lib/controller/clones/clone-vm.ts';
import { deleteVm } from '#lib/controller/clones/delete-vm.ts';
import { addDisk } from '#lib/controller/disks/add-disk.ts';
import { growDisk } from '#lib/controller/disks/grow-disk.ts';
import { removeDisk } from '#lib/controller/disks/remove-disk.ts';
import { relocateVm } from '#lib/controller/relocation/relocate-vm.ts';
import { createSnapshot } from '#lib/controller/snapshots/create-snapshot.ts';
import { removeAllSnapshots, removeSnapshot } from '#lib/controller/snapshots/remove-snapshot.ts';
import { renameSnapshot } from '#lib/controller/snapshots/rename-snapshot.ts';
import { revertToSnapshot } from '#lib/controller/snapshots/revert-to-snapshot.ts';
import { powerOff } from '#lib/controller/vms/power-off.ts';
import { powerOn } from '#lib/controller/vms/power-on.ts';
import { readVm } from '#lib/controller/vms/read-vm.ts';
import { resetVm } from '#lib/controller/vms/reset-vm.ts';
import { suspendVm } from '#lib/controller/vms/suspend-vm.ts';
import { MIB } from '#lib/model/limits.ts';
import { labCaller, RealLab } from './real-lab.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const tools = haveTools('qemu-io');
let lab: RealLab;
let vmId = '';
const snapshot = { description: '', quiesce: false };

beforeAll(async () => {
  lab = await RealLab.open();
  vmId = await lab.addVm('web01', [64 * MIB]);
});
afterAll(() => lab.close());

const view = (id = vmId) => readVm({ db: lab.db, caller: labCaller }, id);

async function done(running: Promise<{ state: string; fault: unknown }>): Promise<void> {
  const { state, fault } = await running;
  expect({ state, fault }).toEqual({ state: 'success', fault: null });
}

async function io(command: string, id = vmId): Promise<void> {
  if (!tools) return;
  const [disk] = (await view(id)).disks;
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', command, disk?.nbdUri ?? '']);
  expect(said).not.toMatch(/verification failed/i);
}
const write = (pattern: number, size = '1M') => io(`write -P ${pattern} 0 ${size}`);
const verify = (pattern: number, id = vmId) => io(`read -P ${pattern} 0 1M`, id);

const fullClone = (name: string) => ({
  ...{ vmId, name, hostId: lab.hostIds[1] ?? '', datastoreId: lab.datastoreIds[1] ?? '' },
  ...{ snapshotId: null, linked: false, template: false, powerOn: false },
});

/** Kills the controller when the task has gone so far, and starts another. */
async function killDuring(taskId: string, wanted: RegExp): Promise<void> {
  await lab.eventually(async () => {
    const task = await lab.db.task.findUniqueOrThrow({ where: { id: taskId } });
    return wanted.test(task.step) || task.completedAt !== null;
  });
  await lab.killController();
  lab.startController();
}

describe('of a VM that is on', () => {
  test('snapshots are taken, renamed, gone back to and removed', async () => {
    await write(1);
    await done(lab.run(createSnapshot, { vmId, name: 'one', ...snapshot }));
    await write(2);
    await done(lab.run(createSnapshot, { vmId, name: 'two', ...snapshot }));
    await done(lab.run(renameSnapshot, { vmId, snapshotId: 2, name: 'zwei', description: 'd' }));
    const shown = await view();
    expect(shown).toMatchObject({
      ...{ powerState: 'poweredOn', currentSnapshotId: 2 },
      snapshots: [{ name: 'one' }, { name: 'zwei', parentId: 1 }],
    });
    await done(lab.run(removeSnapshot, { vmId, snapshotId: 2, removeChildren: false }));
    await verify(2);
    await done(lab.run(revertToSnapshot, { vmId, snapshotId: 1 }));
    expect(await view()).toMatchObject({ powerState: 'poweredOff', currentSnapshotId: 1 });
    await done(lab.run(powerOn, { vmId }));
    await verify(1);
    await done(lab.run(removeAllSnapshots, { vmId }));
    expect(await view()).toMatchObject({ snapshots: [], currentSnapshotId: null });
    await verify(1);
    const used = await lab.eventually(async () => (await view()).usedBytes);
    expect(used).toBeGreaterThan(MIB / 2);
  });

  test('disks grow, come and go', async () => {
    const of = { vmId, diskKey: 2000 };
    await done(lab.run(growDisk, { change: 'growDisk', ...of, capacityBytes: 96 * MIB }));
    await io('write -P 7 80M 1M');
    const disk = { kind: 'new', capacityBytes: 16 * MIB, provisioning: 'thick' } as const;
    await done(lab.run(addDisk, { change: 'addDisk', vmId, disk }));
    expect(await view()).toMatchObject({
      disks: [
        { key: 2000, capacityBytes: 96 * MIB },
        { key: 2001, unit: 'scsi0:1', provisioning: 'thick', capacityBytes: 16 * MIB },
      ],
    });
    const gone = { change: 'removeDisk', vmId, diskKey: 2001, deleteFiles: false } as const;
    await done(lab.run(removeDisk, gone));
    const { datastoreId, path } = {
      datastoreId: lab.datastoreIds[0] ?? '',
      path: 'web01/web01_1.vmdk',
    };
    const existing = { kind: 'existing', datastoreId, path } as const;
    await done(lab.run(addDisk, { change: 'addDisk', vmId, disk: existing }));
    expect((await view()).disks[1]).toMatchObject({ capacityBytes: 16 * MIB, path });
    await done(lab.run(removeDisk, { ...gone, deleteFiles: true }));
    await verify(1);
  });

  test('it is suspended, goes on, and is reset', async () => {
    await done(lab.run(suspendVm, { vmId }));
    expect(await view()).toMatchObject({ powerState: 'suspended' });
    await done(lab.run(powerOn, { vmId }));
    await done(lab.run(resetVm, { vmId }));
    await verify(1);
  });
});

describe('with the controller killed in the middle', () => {
  test('a clone of a running VM is made all the same, and the source has no snapshot', async () => {
    await write(3, '32M');
    const taskId = await lab.submit(cloneVm, fullClone('web02'));
    await killDuring(taskId, /copy|clon/i);
    await done(lab.ended(taskId));
    expect(await view()).toMatchObject({ snapshots: [], powerState: 'poweredOn' });
    const { id } = await lab.db.vm.findUniqueOrThrow({ where: { name: 'web02' } });
    await done(lab.run(powerOn, { vmId: id }));
    await verify(3, id);
    await done(lab.run(powerOff, { vmId: id }));
    await done(lab.run(deleteVm, { vmId: id }));
  });

  test('a running VM is on its new host and datastore, with its data', async () => {
    await write(4, '32M');
    const [, hostId = ''] = lab.hostIds;
    const [, datastoreId = ''] = lab.datastoreIds;
    const taskId = await lab.submit(relocateVm, { vmId, hostId, datastoreId, disks: [] });
    await killDuring(taskId, /moving|mirror|copy/i);
    await done(lab.ended(taskId));
    expect(await view()).toMatchObject({
      ...{ powerState: 'poweredOn', host: { name: 'esx02' }, datastore: { name: 'ds2' } },
      disks: [{ datastore: { name: 'ds2' } }],
    });
    await verify(4);
  });

  test('a removed snapshot is gone, and what was written since is kept', async () => {
    await done(lab.run(createSnapshot, { vmId, name: 'big', ...snapshot }));
    await write(5, '32M');
    const [first] = (await view()).snapshots;
    const input = { vmId, snapshotId: first?.id ?? 0, removeChildren: false };
    const taskId = await lab.submit(removeSnapshot, input);
    await killDuring(taskId, /merg/i);
    await done(lab.ended(taskId));
    expect(await view()).toMatchObject({ snapshots: [], currentSnapshotId: null });
    await verify(5);
  });
});
