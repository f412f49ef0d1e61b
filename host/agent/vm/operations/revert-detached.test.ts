// A revert brings a disk back that was detached since, with the filters that it had, and is refused
// while one of them is not installed.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const lab = new TestLab();
const properties = { latencySampling: 8 };
const trace = { name: 'trace', class: 'inspection' as const, properties };
const vm = testVm(1);
const disk = {
  ...{ key: 2001, label: 'Hard disk 2', unit: 'scsi0:1', datastoreId: 'datastore-1' },
  ...{ path: 'web01/web01_1.vmdk', capacityBytes: 16 * MIB, filters: [trace] },
};
let esx01: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  await esx01.keyed(calls.installVib, lab.vib('trace'));
  await esx01.keyed(calls.createVm, { vm, contents: [] });
});

afterAll(() => lab.close());

test('a disk comes back with its filters, or not at all', async () => {
  const create = { provisioning: 'thin' as const };
  const added = await esx01.keyed(diskCalls.attachDisk, { vm, disk, create });
  const both = { ...vm, disks: added.layout.disks };
  // What the controller does after it has added a disk.
  await esx01.keyed(calls.setDiskFilters, { vm: both, diskKey: 2001, filters: [trace] });
  const args = { vm: both, name: 'both', description: '', quiesce: false };
  const { layout, snapshotId } = await esx01.keyed(diskCalls.createSnapshot, args);
  const frozen = { ...vm, disks: layout.disks };
  const detach = (spec: calls.VmRunSpec) =>
    esx01.keyed(diskCalls.detachDisk, { vm: spec, diskKey: 2001, deleteFiles: false });
  const single = { ...vm, disks: (await detach(frozen)).layout.disks };
  expect(single.disks.map(({ key }) => key)).toEqual([2000]);

  const revert = { vm: single, snapshotId };
  const { layout: back } = await esx01.keyed(diskCalls.revertToSnapshot, revert);
  expect(back.disks.find(({ key }) => key === 2001)).toMatchObject({
    ...{ label: disk.label, filters: [trace] },
  });
  const whole = { ...vm, disks: back.disks };
  await esx01.keyed(calls.powerOnVm, { vm: whole });
  const world = await esx01.world(vm.vmId);
  expect(world?.disks.find(({ key }) => key === 2001)).toMatchObject({ filters: [trace] });
  await esx01.keyed(calls.powerOffVm, { vmId: vm.vmId });

  const again = { ...vm, disks: (await detach(whole)).layout.disks };
  await esx01.keyed(calls.removeVib, { vibId: 'SLU_bootbank_trace_1.0.0' });
  const refused = esx01.keyed(diskCalls.revertToSnapshot, { vm: again, snapshotId });
  await expect(refused).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringContaining('had the I/O filter trace'),
  });
  const { layout: same } = await esx01.call(diskCalls.readVmLayout, { vm: again });
  expect(same.disks).toEqual(again.disks);
});
