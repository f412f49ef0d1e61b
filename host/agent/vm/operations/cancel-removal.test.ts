// Cancels the removal of a snapshot while it merges, under a VM that is on: the snapshot is gone,
// what was merged stays so, the chain is whole, and consolidation finishes it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { haveTools, mustRun } from '../../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const MERGED = '400M';
const lab = new TestLab();
const base = testVm(1);
const vm = { ...base, disks: base.disks.map((disk) => ({ ...disk, capacityBytes: GIB })) };
let esx01: TestAgent;
let uri = '';

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  const { nbdSocketPath } = await esx01.keyed(calls.powerOnVm, { vm });
  uri = `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
});

afterAll(() => lab.close());

async function io(command: string): Promise<void> {
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', command, '-c', 'flush', uri]);
  expect(said).not.toMatch(/verification failed/i);
}

async function expectData(): Promise<void> {
  await io('read -P 1 0 1M');
  await io(`read -P 2 1M ${MERGED}`);
}

test.skipIf(!haveTools('qemu-io', 'qemu-img'))('the rest is merged when asked for', async () => {
  await io('write -P 1 0 1M');
  const args = { vm, name: 'before', description: '', quiesce: false };
  const { layout, snapshotId } = await esx01.keyed(diskCalls.createSnapshot, args);
  await io(`write -P 2 1M ${MERGED}`);

  const spec = { ...vm, disks: layout.disks };
  const operationKey = 'remove-and-cancel';
  const removal = { operationKey, vm: spec, snapshotId, removeChildren: false };
  const removing = esx01.call(diskCalls.removeSnapshot, removal);
  const shown = await eventually(async () => {
    const { operations } = await esx01.report();
    return operations.find((each) => each.operationKey === operationKey && each.transfer !== null);
  });
  expect(shown.transfer?.totalBytes).toBeGreaterThanOrEqual(shown.transfer?.doneBytes ?? 0);
  await esx01.call(diskCalls.cancelOperation, { operationKey });
  const { layout: left } = await removing;
  expect(left).toMatchObject({ consolidationNeeded: true, snapshots: [], currentSnapshotId: null });
  const read = await esx01.call(diskCalls.readVmLayout, { vm: spec });
  expect(read.layout).toMatchObject({ consolidationNeeded: true, snapshots: [] });
  const [top] = left.disks;
  expect(top?.path).toMatch(/-000001\.vmdk$/);
  await mustRun('qemu-img', [
    'check',
    '-U',
    '-f',
    'vmdk',
    join(lab.folder, 'ds1', top?.path ?? ''),
  ]);
  await expectData();
  // Asked again by its key, the call answers as before.
  expect((await esx01.call(diskCalls.removeSnapshot, removal)).layout).toEqual(left);

  const { layout: whole } = await esx01.keyed(diskCalls.consolidateDisks, { vm: spec });
  expect(whole).toMatchObject({ consolidationNeeded: false });
  expect(whole.disks[0]?.path).toBe('web01/web01.vmdk');
  await expectData();
  const files = readdirSync(join(lab.folder, 'ds1/web01')).filter((name) => !/lck$/.test(name));
  expect(files.sort()).toEqual([
    'web01-flat.vmdk',
    'web01.vmdk',
    'web01.vmsd',
    'web01.vmx',
    'web01.vmx~',
  ]);
});
