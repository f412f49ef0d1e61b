// A host refuses to touch what a linked clone builds on, also when another host has made the clone
// and no controller has told of it; when the clone is gone, it goes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const lab = new TestLab();
const vm = testVm(1);
const clone = testVm(2);
let esx01: TestAgent;
let esx02: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  esx02 = await lab.addHost(2);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
});

afterAll(() => lab.close());

test('what a linked clone builds on stays', async () => {
  const args = { vm, name: 'golden', description: '', quiesce: false };
  const { layout, snapshotId } = await esx01.keyed(diskCalls.createSnapshot, args);
  const source = { ...vm, disks: layout.disks };
  await esx01.keyed(diskCalls.cloneVm, {
    ...{ source, snapshotId, target: clone, linked: true, provisioning: 'thin' },
  });
  const removal = { vm: source, snapshotId, removeChildren: false };
  for (const host of [esx01, esx02]) {
    const refused = [
      () => host.keyed(diskCalls.removeSnapshot, removal),
      () => host.keyed(diskCalls.destroyVm, { vm: source }),
    ];
    for (const call of refused) {
      await expect(call()).rejects.toMatchObject({
        fault: 'ResourceInUse',
        message: expect.stringContaining('web02 is a linked clone that builds on web01.vmdk'),
      });
    }
  }
  const read = await esx01.call(diskCalls.readVmLayout, { vm: source });
  expect(read.layout).toMatchObject({
    consolidationNeeded: false,
    snapshots: [{ id: snapshotId }],
  });

  await esx02.keyed(diskCalls.destroyVm, { vm: clone });
  expect(existsSync(join(lab.folder, 'ds1/web02'))).toBe(false);
  const { layout: after } = await esx01.keyed(diskCalls.removeSnapshot, removal);
  expect(after).toMatchObject({ snapshots: [], consolidationNeeded: false });
  await esx01.keyed(diskCalls.destroyVm, { vm: { ...vm, disks: after.disks } });
  expect(existsSync(join(lab.folder, 'ds1/web01'))).toBe(false);
});
