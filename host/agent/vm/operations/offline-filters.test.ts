// Filters of disks of a VM that is off. One that leaves hears of it and takes along what it kept. A
// revert brings a disk back that was detached since, with the filters that it had, and is refused
// while one of them is not installed.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { iofilters } from '#lib/formats/vmdk/descriptor.ts';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { readDescriptor, writeDescriptor } from '../../../datastore/descriptor-file.ts';
import { sidecarPaths, writeSidecar } from '../../../datastore/sidecar-file.ts';
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

test('what a filter keeps with the disk leaves with it, or both stay', async () => {
  const change = { vm, diskKey: 2000, filters: [trace] };
  await esx01.keyed(calls.setDiskFilters, change);
  const path = join(lab.folder, 'ds1', vm.disks[0]?.path ?? '');
  const kept = { filter: 'trace', contents: new Uint8Array([1, 2, 3]) };
  await writeDescriptor(path, await writeSidecar(path, await readDescriptor(path), kept));
  const [sidecar = ''] = sidecarPaths(path, await readDescriptor(path));
  expect(existsSync(sidecar)).toBe(true);
  const traced = { ...vm, disks: vm.disks.map((each) => ({ ...each, filters: [trace] })) };
  const leave = { vm: traced, diskKey: 2000, filters: [] };

  await writeFile(sidecar, 'damaged');
  await expect(esx01.keyed(calls.setDiskFilters, leave)).rejects.toMatchObject({
    fault: 'FilterFault',
    message: expect.stringContaining('trace keeps data with the disk, and cannot be asked'),
  });
  expect(iofilters(await readDescriptor(path))).toEqual(['trace']);

  await writeDescriptor(path, await writeSidecar(path, await readDescriptor(path), kept));
  await esx01.keyed(calls.setDiskFilters, leave);
  const after = await readDescriptor(path);
  expect(iofilters(after)).toEqual([]);
  expect(sidecarPaths(path, after)).toEqual([]);
  expect(existsSync(sidecar)).toBe(false);
  expect(await esx01.world(vm.vmId)).toMatchObject({ powerState: 'poweredOff', pid: null });
});

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
