// Operations on whole disks of real VMs, by the controller's calls and under real clients: trees
// of snapshots, larger disks, more and fewer of them, clones, moves between datastores, suspend and
// the end. qemu-img reads every chain.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { findTool, haveTools, mustRun, runTool } from '../../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const tools = haveTools('qemu-io', 'qemu-img', 'fio', 'nbdinfo');
const lab = new TestLab();
let esx01: TestAgent;
let esx02: TestAgent;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  esx02 = await lab.addHost(2);
  for (const [index, agent] of [esx01, esx02].entries()) {
    const datastores = ['ds1', 'ds2'].map((name, number) => ({
      ...{ id: `datastore-${number + 1}`, name, type: 'VMFS' as const },
      path: join(lab.folder, name),
    }));
    const hostId = `host-${index + 1}`;
    await agent.call(calls.configure, { hostId, name: agent.name, datastores });
  }
});

afterAll(() => lab.close());

async function create(number: number): Promise<calls.VmRunSpec> {
  const vm = testVm(number);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  return vm;
}

/** Powers the VM on; returns the URI of a disk. */
async function powerOn(vm: calls.VmRunSpec, host = esx01): Promise<(unit?: string) => string> {
  const { nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  return (unit = 'scsi0:0') => `nbd+unix:///${unit}?socket=${nbdSocketPath}`;
}

async function powerOff({ vmId }: calls.VmRunSpec): Promise<void> {
  await esx01.keyed(calls.powerOffVm, { vmId });
}

/** A pattern over the first MiB. */
async function write(uri: string, pattern: number, at = '0'): Promise<void> {
  await mustRun('qemu-io', ['-f', 'raw', '-c', `write -P ${pattern} ${at} 1M`, '-c', 'flush', uri]);
}

async function expectPattern(uri: string, pattern: number, at = '0'): Promise<void> {
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', `read -P ${pattern} ${at} 1M`, uri]);
  expect(said).not.toMatch(/verification failed/i);
}

function pathOf(disk: { datastoreId: string; path: string } | undefined): string {
  const folder = disk?.datastoreId === 'datastore-2' ? 'ds2' : 'ds1';
  return join(lab.folder, folder, disk?.path ?? '');
}

/** What qemu reads of a chain: it must be sound, and begin with the pattern. */
async function expectChain(path: string, pattern: number): Promise<void> {
  await mustRun('qemu-img', ['check', '-U', '-f', 'vmdk', path]).catch((error: unknown) => {
    // Flat disks have nothing that could be checked.
    if (!String(error).includes('does not support checks')) throw error;
  });
  const read = ['-f', 'vmdk', '-r', '-U', '-c', `read -P ${pattern} 0 1M`, path];
  expect(await mustRun('qemu-io', read)).not.toMatch(/verification failed/i);
}

function at(vm: calls.VmRunSpec, layout: diskCalls.VmLayout): calls.VmRunSpec {
  const { disks, datastoreId, vmxPath } = layout;
  return { ...vm, disks, datastoreId, vmxPath };
}

/** The parent of each snapshot, by its id. */
function parents({ snapshots }: diskCalls.VmLayout): Record<number, number | null> {
  return Object.fromEntries(snapshots.map(({ id, parentId }) => [id, parentId]));
}

async function snapshot(vm: calls.VmRunSpec, name: string) {
  const args = { vm, name, description: '', quiesce: false };
  const answer = await esx01.keyed(diskCalls.createSnapshot, args);
  return { vm: at(vm, answer.layout), id: answer.snapshotId, layout: answer.layout };
}

test.skipIf(!tools)('a tree of snapshots: reverted, branched, deleted in any order', async () => {
  const base = await create(1);
  let uri = await powerOn(base);
  await write(uri(), 1);
  const one = await snapshot(base, 'one');
  await write(uri(), 2);
  const two = await snapshot(one.vm, 'two');
  await write(uri(), 3);
  await expectChain(pathOf(two.vm.disks[0]), 3);
  const revert = () => esx01.keyed(diskCalls.revertToSnapshot, { vm: two.vm, snapshotId: one.id });
  await expect(revert()).rejects.toMatchObject({ fault: 'InvalidPowerState' });
  await powerOff(base);
  const reverted = await revert();
  expect(reverted.layout.currentSnapshotId).toBe(one.id);
  let vm = at(base, reverted.layout);
  expect(existsSync(pathOf(two.vm.disks[0]))).toBe(false);
  uri = await powerOn(vm);
  await expectPattern(uri(), 1);
  await write(uri(), 4);
  const three = await snapshot(vm, 'three');
  await write(uri(), 5);
  expect(parents(three.layout)).toEqual({ 1: null, 2: 1, 3: 1 });
  const grow = { vm: three.vm, diskKey: 2000, capacityBytes: 128 * MIB };
  await expect(esx01.keyed(diskCalls.growDisk, grow)).rejects.toMatchObject({
    fault: 'InvalidState',
  });
  const remove = async (snapshotId: number, removeChildren = false) => {
    const input = { vm, snapshotId, removeChildren };
    const { layout } = await esx01.keyed(diskCalls.removeSnapshot, input);
    vm = at(vm, layout);
    await expectPattern(uri(), 5);
    await expectChain(pathOf(layout.disks[0]), 5);
    return layout;
  };
  vm = three.vm;
  // The root, on which two branches stand: its file stays until one of them goes.
  const rootless = await remove(one.id);
  expect(parents(rootless)).toEqual({ 2: null, 3: null });
  await expectChain(pathOf(rootless.snapshots[0]?.disks[0]), 2);
  await expectChain(pathOf(rootless.snapshots[1]?.disks[0]), 4);
  await remove(two.id);
  const last = await remove(three.id);
  expect(last.disks[0]?.path).toBe('web01/web01.vmdk');
  const { layout } = await esx01.call(diskCalls.readVmLayout, { vm });
  expect(layout).toMatchObject(last);
  await powerOff(vm);
  const names = readdirSync(join(lab.folder, 'ds1/web01')).filter((name) => !/lck$/.test(name));
  expect(names.sort()).toEqual([
    'web01-flat.vmdk',
    'web01.vmdk',
    'web01.vmsd',
    'web01.vmx',
    'web01.vmx~',
  ]);
  await esx01.keyed(diskCalls.destroyVm, { vm });
  expect(existsSync(join(lab.folder, 'ds1/web01'))).toBe(false);
});

test.skipIf(!tools)('a disk grows, others come and go, and clients stay connected', async () => {
  const vm = await create(2);
  const uri = await powerOn(vm);
  const args = ['--name=v', '--ioengine=nbd', `--uri=${uri()}`, '--rw=randrw', '--bs=4k'];
  const fio = runTool('fio', [...args, '--size=48m', '--verify=crc32c', '--verify_fatal=1'], {
    cwd: lab.folder,
  });
  const grown = await esx01.keyed(diskCalls.growDisk, {
    vm,
    diskKey: 2000,
    capacityBytes: 96 * MIB,
  });
  expect(grown.layout.disks[0]?.capacityBytes).toBe(96 * MIB);
  expect(await mustRun('nbdinfo', ['--size', uri()])).toBe(`${96 * MIB}\n`);
  const disk = {
    ...{ key: 2001, label: 'Hard disk 2', unit: 'scsi0:1', datastoreId: 'datastore-2' },
    ...{ path: 'web02/web02_1.vmdk', capacityBytes: 32 * MIB, filters: [] },
  };
  const create1 = { provisioning: 'thick' as const };
  const attached = await esx01.keyed(diskCalls.attachDisk, { vm, disk, create: create1 });
  expect(attached.layout.disks.length).toBe(2);
  await write(uri('scsi0:1'), 7);
  await expect(
    esx01.keyed(diskCalls.attachDisk, {
      vm,
      disk: { ...disk, path: 'web02/x.vmdk' },
      create: create1,
    }),
  ).rejects.toMatchObject({ fault: 'InvalidArgument' });
  const both = at(vm, attached.layout);
  const detached = await esx01.keyed(diskCalls.detachDisk, {
    ...{ vm: both, diskKey: 2001, deleteFiles: false },
  });
  expect(detached.layout.disks.length).toBe(1);
  expect((await runTool('nbdinfo', [uri('scsi0:1')])).code).not.toBe(0);
  const back = await esx01.keyed(diskCalls.attachDisk, { vm, disk, create: null });
  await expectPattern(uri('scsi0:1'), 7);
  const { code, stderr } = await fio;
  expect(stderr).not.toMatch(/verify|error/i);
  expect(code).toBe(0);
  const gone = { vm: at(vm, back.layout), diskKey: 2001, deleteFiles: true };
  await esx01.keyed(diskCalls.detachDisk, gone);
  expect(existsSync(join(lab.folder, 'ds2/web02/web02_1.vmdk'))).toBe(false);
  await esx01.keyed(diskCalls.resetVm, { vmId: vm.vmId });
  await powerOff(vm);
});

test.skipIf(!tools)('clones of a VM that is off and of a snapshot, whole and linked', async () => {
  const vm = await create(3);
  const uri = await powerOn(vm);
  await write(uri(), 1);
  const { vm: withSnapshot, id } = await snapshot(vm, 'golden');
  await write(uri(), 2);
  const whole = testVm(4);
  const linked = testVm(5);
  const common = { source: withSnapshot, snapshotId: id, provisioning: 'thin' as const };
  const made = await esx01.keyed(diskCalls.cloneVm, { ...common, target: whole, linked: false });
  expect(made.copiedBytes).toBeGreaterThanOrEqual(MIB);
  await esx01.keyed(diskCalls.cloneVm, { ...common, target: linked, linked: true });
  await expect(
    esx01.keyed(diskCalls.cloneVm, { ...common, target: linked, linked: true }),
  ).rejects.toMatchObject({ fault: 'AlreadyExists' });
  const uris = [await powerOn(whole), await powerOn(linked)];
  for (const clone of uris) {
    await expectPattern(clone(), 1);
    await write(clone(), 9, '1M');
  }
  await expectPattern(uri(), 2);
  await expectPattern(uri(), 0, '1M');
  await expectChain(pathOf(linked.disks[0]), 1);
  await powerOff(vm);
  await expect(esx01.keyed(diskCalls.destroyVm, { vm: withSnapshot })).rejects.toMatchObject({
    fault: 'ResourceInUse',
  });
  await powerOff(linked);
  await esx01.keyed(diskCalls.destroyVm, { vm: linked });
  expect(existsSync(pathOf(withSnapshot.disks[0]))).toBe(true);
  await powerOff(whole);
  const off = { source: whole, snapshotId: null, provisioning: 'thick' as const, linked: false };
  const copy = { ...testVm(6), disks: testVm(6).disks };
  await esx01.keyed(diskCalls.cloneVm, { ...off, target: copy });
  await expectChain(pathOf(copy.disks[0]), 1);
  expect(readFileSync(join(lab.folder, 'ds1/web06/web06.vmx'), 'utf8')).toContain('7b 1a');
});

test.skipIf(!tools)('a VM with snapshots moves to another datastore under fio', async () => {
  const vm = await create(7);
  const uri = await powerOn(vm);
  await write(uri(), 1, '50M');
  const one = await snapshot(vm, 'one');
  const args = ['--name=v', '--ioengine=nbd', `--uri=${uri()}`, '--rw=randrw', '--iodepth=8'];
  const more = ['--bsrange=512-64k', '--blockalign=512', '--size=48m', '--loops=2'];
  const fio = runTool('fio', [...args, ...more, '--verify=crc32c', '--verify_fatal=1'], {
    cwd: lab.folder,
    timeoutMs: 240_000,
  });
  const moved = await esx01.keyed(diskCalls.relocateVm, {
    vm: one.vm,
    home: { datastoreId: 'datastore-2', vmxPath: 'web07/web07.vmx' },
    disks: [
      { key: 2000, datastoreId: 'datastore-2', path: 'web07/web07.vmdk', provisioning: 'thin' },
    ],
  });
  expect(moved.copiedBytes).toBeGreaterThan(0);
  expect(existsSync(join(lab.folder, 'ds1/web07'))).toBe(false);
  const there = at(vm, moved.layout);
  expect(there.disks[0]).toMatchObject({
    datastoreId: 'datastore-2',
    path: 'web07/web07-000001.vmdk',
  });
  const ticket = await esx02.keyed(calls.prepareIncoming, { vm: there });
  await esx01.keyed(calls.migrateOut, { vmId: vm.vmId, ticket });
  await esx02.keyed(calls.finishIncoming, { vmId: vm.vmId });
  const { code, stderr } = await fio;
  expect(stderr).not.toMatch(/verify|error/i);
  expect(code).toBe(0);
  const now = await esx02.world(vm.vmId);
  const uri2 = `nbd+unix:///scsi0:0?socket=${now?.nbdSocketPath}`;
  await expectPattern(uri2, 1, '50M');
  const removed = await esx02.keyed(diskCalls.removeSnapshot, {
    ...{ vm: there, snapshotId: one.id, removeChildren: true },
  });
  expect(removed.layout.disks[0]?.path).toBe('web07/web07.vmdk');
  await expectPattern(uri2, 1, '50M');
  await esx02.keyed(calls.powerOffVm, { vmId: vm.vmId });
  const cold = await esx02.keyed(diskCalls.relocateVm, {
    vm: at(vm, removed.layout),
    home: null,
    disks: [
      { key: 2000, datastoreId: 'datastore-1', path: 'web07/other.vmdk', provisioning: 'thick' },
    ],
  });
  const path = pathOf(cold.layout.disks[0]);
  const read = ['-f', 'vmdk', '-r', '-c', 'read -P 1 50M 1M', path];
  expect(await mustRun('qemu-io', read)).not.toMatch(/verification failed/i);
});

const fuse = existsSync('/dev/fuse') && haveTools('nbdfuse', 'fsck.ext4', 'debugfs', 'fusermount3');
test.skipIf(!fuse)('an ext4 file system stays sound through every operation', async () => {
  const vm = testVm(2);
  const contents = [
    {
      ...{ diskKey: 2000, fileSystem: 'ext4' as const, label: 'data' },
      files: [{ path: 'hello.txt', text: 'from the beginning' }],
    },
  ];
  const named = { ...vm, vmId: 'vm-20', name: 'ext4', vmxPath: 'ext4/ext4.vmx' };
  const disks = vm.disks.map((disk) => ({ ...disk, path: 'ext4/ext4.vmdk' }));
  let spec: calls.VmRunSpec = { ...named, disks };
  await esx01.keyed(calls.createVm, { vm: spec, contents });
  const uri = await powerOn(spec);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fuse-'));
  const file = join(folder, 'disk');
  const child = spawn(findTool('nbdfuse') ?? '', [file, uri()], { stdio: 'ignore' });
  let written = 0;
  const check = async (): Promise<void> => {
    written += 1;
    const source = join(lab.folder, 'source.txt');
    writeFileSync(source, `file ${written}\n`.repeat(5000));
    await mustRun('debugfs', ['-w', '-R', `write ${source} f${written}`, file]);
    await mustRun('fsck.ext4', ['-n', '-f', file]);
    const cat = await mustRun('debugfs', ['-R', `cat f${written}`, file]);
    expect(cat).toBe(readFileSync(source, 'utf8'));
    expect(await mustRun('debugfs', ['-R', 'cat hello.txt', file])).toBe('from the beginning');
  };
  try {
    await eventually(async () => existsSync(file));
    await check();
    const one = await snapshot(spec, 'one');
    await check();
    const two = await snapshot(one.vm, 'two');
    await check();
    const moved = await esx01.keyed(diskCalls.relocateVm, {
      ...{ vm: two.vm, home: null },
      disks: [{ key: 2000, datastoreId: 'datastore-2', path: 'ext4/x.vmdk', provisioning: 'thin' }],
    });
    spec = at(two.vm, moved.layout);
    await check();
    for (const snapshotId of [one.id, two.id]) {
      const input = { vm: spec, snapshotId, removeChildren: false };
      spec = at(spec, (await esx01.keyed(diskCalls.removeSnapshot, input)).layout);
      await check();
    }
    await esx01.keyed(diskCalls.growDisk, { vm: spec, diskKey: 2000, capacityBytes: 80 * MIB });
    await check();
  } finally {
    await runTool('fusermount3', ['-u', folder]);
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.skipIf(!tools)('a suspended VM stays so over a restart of its host, and resumes', async () => {
  const vm = await create(8);
  const uri = await powerOn(vm);
  await write(uri(), 1);
  await esx01.keyed(diskCalls.suspendVm, { vmId: vm.vmId });
  const state = join(lab.folder, 'ds1/web08/web08.vmss');
  expect(existsSync(state)).toBe(true);
  await esx01.end('SIGKILL');
  await esx01.start();
  expect((await esx01.world(vm.vmId))?.powerState).toBe('suspended');
  const args = { vm, name: 'x', description: '', quiesce: false };
  await expect(esx01.keyed(diskCalls.createSnapshot, args)).rejects.toMatchObject({
    fault: 'InvalidPowerState',
  });
  const again = await powerOn(vm);
  expect(existsSync(state)).toBe(false);
  await expectPattern(again(), 1);
  await esx01.keyed(diskCalls.suspendVm, { vmId: vm.vmId });
  await powerOff(vm);
  expect(existsSync(state)).toBe(false);
  expect((await esx01.world(vm.vmId))?.powerState).toBe('poweredOff');
});

test.skipIf(!tools)('a move that is cancelled leaves everything as it was', async () => {
  const vm = await create(9);
  const uri = await powerOn(vm);
  await write(uri(), 1);
  const input = {
    ...{ operationKey: 'cancel-me', vm, home: null },
    disks: [
      {
        ...{ key: 2000, datastoreId: 'datastore-2', path: 'web09/web09.vmdk' },
        provisioning: 'eagerZeroedThick' as const,
      },
    ],
  };
  const moving = esx01.call(diskCalls.relocateVm, input);
  moving.catch(() => undefined);
  await eventually(async () => {
    const { operations } = await esx01.report();
    return operations.some(({ operationKey }) => operationKey === 'cancel-me');
  });
  await esx01.call(diskCalls.cancelOperation, { operationKey: 'cancel-me' });
  const outcome = await moving.then(
    () => 'moved',
    (thrown: unknown) => thrown,
  );
  // It may have been quicker than the request to stop.
  if (outcome !== 'moved') {
    expect(outcome).toMatchObject({ fault: 'RequestCanceled' });
    expect(existsSync(join(lab.folder, 'ds2/web09'))).toBe(false);
  }
  await expectPattern(uri(), 1);
});
