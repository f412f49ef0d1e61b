// Encrypted disks as wholes, on a real host: snapshots, reverts, merges, full and linked clones
// with data keys that go their own ways, and moves, while the disk is given a new data key. Redo
// logs and copies are sparse.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { seal } from '#lib/formats/sealed-box/sealed-box.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { encodeKeys } from '#lib/wire/agent/key-bytes.ts';
import { putKeys, readFilterProgress, readKeyBox } from '#lib/wire/agent/key-rpc.ts';
import { haveTools, mustRun } from '../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 180_000 });

const tools = haveTools('qemu-io');
const DISK = 2000;
const lab = new TestLab();
const key = { provider: 'native', keyId: 'key-1', value: randomBytes(32).toString('base64') };
let host: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  host = await lab.addHost(1);
  const datastores = ['ds1', 'ds2'].map((name, number) => ({
    ...{ id: `datastore-${number + 1}`, name, type: 'VMFS' as const },
    path: join(lab.folder, name),
  }));
  await host.call(calls.configure, { hostId: 'host-1', name: host.name, datastores });
  await host.keyed(calls.installVib, lab.vib('encryption'));
});

afterAll(() => lab.close());

/** With that data key; slow enough that what follows meets the walk. */
function encryption(generation: number, walkMibPerSecond = 0): DiskFilter {
  const named = { keyProvider: key.provider, keyId: key.keyId, decrypt: false };
  return {
    ...{ name: 'encryption', class: 'encryption' },
    properties: { ...named, generation, walkMibPerSecond },
  };
}

async function give(vmId: string): Promise<void> {
  const { publicKey } = await host.call(readKeyBox, {});
  const bytes = encodeKeys([key]);
  const sealed = seal({ bytes, purpose: vmId, publicKey, random: systemRandom });
  await host.call(putKeys, { vmId, sealed });
}

async function powerOn(vm: calls.VmRunSpec): Promise<string> {
  await give(vm.vmId);
  const { nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  return `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
}

async function write(uri: string, pattern: number, at = '0'): Promise<void> {
  await mustRun('qemu-io', ['-f', 'raw', '-c', `write -P ${pattern} ${at} 1M`, '-c', 'flush', uri]);
}

async function expectPattern(uri: string, pattern: number, at = '0'): Promise<void> {
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', `read -P ${pattern} ${at} 1M`, uri]);
  expect(said).not.toMatch(/verification failed/i);
}

async function rekey(vm: calls.VmRunSpec, filter: DiskFilter): Promise<calls.VmRunSpec> {
  await host.keyed(calls.setDiskFilters, { vm, diskKey: DISK, filters: [filter] });
  return { ...vm, disks: vm.disks.map((disk) => ({ ...disk, filters: [filter] })) };
}

async function settled({ vmId }: calls.VmRunSpec): Promise<void> {
  await eventually(async () => {
    const { progress } = await host.call(readFilterProgress, { vmId, diskKey: DISK });
    return progress[0]?.done;
  });
}

function at(vm: calls.VmRunSpec, layout: diskCalls.VmLayout): calls.VmRunSpec {
  const { disks, datastoreId, vmxPath } = layout;
  return { ...vm, disks, datastoreId, vmxPath };
}

async function snapshot(vm: calls.VmRunSpec) {
  const args = { vm, name: 'moment', description: '', quiesce: false };
  const { layout, snapshotId } = await host.keyed(diskCalls.createSnapshot, args);
  return { vm: at(vm, layout), id: snapshotId };
}

async function clone(source: calls.VmRunSpec, snapshotId: number, number: number, linked: boolean) {
  const target = testVm(number, [encryption(1)]);
  const input = { source, snapshotId, target, linked, provisioning: 'thin' as const };
  const { layout } = await host.keyed(diskCalls.cloneVm, input);
  return at(target, layout);
}

/** Wrapped data keys of all disks of a VM's folder, in hexadecimal. */
function wrappedKeys(folder: string): Set<string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('-encryption.vmfd'));
  const texts = names.map((name) => readFileSync(join(folder, name), 'latin1'));
  return new Set(texts.flatMap((text) => text.match(/(?<="wrapped":")[0-9a-f]+/g) ?? []));
}

let vm = testVm(1, [encryption(1)]);
let uri = '';
let moment = 0;

test.skipIf(!tools)('a snapshot keeps its data key; what runs on gets another', async () => {
  await host.keyed(calls.createVm, { vm, contents: [] });
  uri = await powerOn(vm);
  await write(uri, 1);
  await settled(vm);
  ({ vm, id: moment } = await snapshot(vm));
  await write(uri, 2);
  vm = await rekey(vm, encryption(2));
  await settled(vm);
  await expectPattern(uri, 2);
  expect(wrappedKeys(join(lab.folder, 'ds1/web01')).size).toBe(2);
});

test.skipIf(!tools)(
  'a full clone has the data key of its moment until it gets its own',
  async () => {
    let copy = await clone(vm, moment, 2, false);
    const folder = join(lab.folder, 'ds1/web02');
    const [inherited] = wrappedKeys(folder);
    expect(wrappedKeys(join(lab.folder, 'ds1/web01')).has(inherited ?? '')).toBe(true);
    const cloned = await powerOn(copy);
    await expectPattern(cloned, 1);
    copy = await rekey(copy, encryption(5));
    await settled(copy);
    await expectPattern(cloned, 1);
    expect([...wrappedKeys(folder)]).not.toContain(inherited);
    await expectPattern(uri, 2);
    await host.keyed(calls.powerOffVm, { vmId: copy.vmId });
  },
);

test.skipIf(!tools)(
  'a linked clone writes under a key of its own, and spoils no other',
  async () => {
    let linked = await clone(vm, moment, 3, true);
    const cloned = await powerOn(linked);
    await expectPattern(cloned, 1);
    linked = await rekey(linked, encryption(7));
    await write(cloned, 3, '8M');
    await settled(linked);
    await expectPattern(cloned, 1);
    await expectPattern(cloned, 3, '8M');
    await host.keyed(calls.powerOffVm, { vmId: linked.vmId });
    await host.keyed(diskCalls.destroyVm, { vm: linked });
    await expectPattern(uri, 2);
  },
);

test.skipIf(!tools)(
  'reverted, it has the data and the key of then; merged, those of now',
  async () => {
    await host.keyed(calls.powerOffVm, { vmId: vm.vmId });
    await give(vm.vmId);
    const reverted = await host.keyed(diskCalls.revertToSnapshot, { vm, snapshotId: moment });
    vm = at(vm, reverted.layout);
    uri = await powerOn(vm);
    await expectPattern(uri, 1);
    vm = await rekey(vm, encryption(9, 40));
    const second = await snapshot(vm);
    vm = second.vm;
    await write(uri, 4);
    const removal = { vm, snapshotId: second.id, removeChildren: false };
    const { layout } = await host.keyed(diskCalls.removeSnapshot, removal);
    vm = at(vm, layout);
    await expectPattern(uri, 4);
    await settled(vm);
    await expectPattern(uri, 4);
    await host.keyed(calls.powerOffVm, { vmId: vm.vmId });
    uri = await powerOn(vm);
    await expectPattern(uri, 4);
  },
);

test.skipIf(!tools)('it moves to another datastore while it gets a new data key', async () => {
  vm = await rekey(vm, encryption(10, 40));
  const [disk] = vm.disks;
  const path = disk?.path ?? '';
  const moved = await host.keyed(diskCalls.relocateVm, {
    vm,
    home: null,
    disks: [{ key: DISK, datastoreId: 'datastore-2', path, provisioning: 'thin' }],
  });
  vm = at(vm, moved.layout);
  await settled(vm);
  await expectPattern(uri, 4);
  await host.keyed(calls.powerOffVm, { vmId: vm.vmId });
  uri = await powerOn(vm);
  await expectPattern(uri, 4);
});
