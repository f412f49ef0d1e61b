// A VM under fio with verification moves through datastores of all types and between hosts; clones
// of it; disks with their space reserved; a datastore that fills up. Real processes throughout.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { readObjects } from '#lib/wire/agent/object-rpc.ts';
import { haveTools, mustRun } from '../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

const PROVIDER = fileURLToPath(new URL('../../vvol/provider-main.ts', import.meta.url));
const TOKEN = 'a token for the tests';
/** Of the storage provider, and of each host of the vSAN. */
const CAPACITY = 192 * MIB;
/** Of a disk that fits when nothing else is there. */
const LARGE = 160 * MIB;
const tools = haveTools('qemu-io', 'fio');
const lab = new TestLab();
const agents: TestAgent[] = [];
const children: ChildProcess[] = [];
const TYPES = ['VMFS', 'NFS', 'vsan', 'VVOL'] as const;
type Type = (typeof TYPES)[number];

beforeAll(async () => {
  await lab.openDepot();
  const provider = { provider: await startProvider(), token: TOKEN };
  const options = { VMFS: {}, NFS: {}, vsan: { capacityBytes: String(CAPACITY) }, VVOL: provider };
  const datastores = TYPES.map((type) => ({
    ...{ id: idOf(type), name: type, type, path: join(lab.folder, type), options: options[type] },
  }));
  for (const number of [1, 2, 3]) {
    const agent = await lab.addHost(number);
    agents.push(agent);
    await agent.call(calls.configure, { hostId: `host-${number}`, name: agent.name, datastores });
  }
  await eventually(async () => {
    const reports = await Promise.all(agents.map((agent) => agent.report()));
    return reports.every((report) => report.datastores.every(({ accessible }) => accessible));
  });
  await eventually(async () => readdirSync(join(lab.folder, 'vsan/.vsan/nodes')).length === 3);
});

afterAll(async () => {
  await lab.close();
  for (const child of children) child.kill('SIGKILL');
});

async function startProvider(): Promise<string> {
  const env = { ...process.env, SLUICE_VVOL_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' };
  const args = ['--directory', join(lab.folder, 'container'), '--capacity', String(CAPACITY)];
  const child = fork(PROVIDER, args, { env });
  children.push(child);
  const [message] = await once(child, 'message');
  return `http://127.0.0.1:${z.object({ port: z.number() }).parse(message).port}`;
}

function idOf(type: Type): string {
  return `datastore-${TYPES.indexOf(type) + 1}`;
}

function host(number: number): TestAgent {
  const agent = agents[number - 1];
  if (agent) return agent;
  throw new Error(`no host ${number}`);
}

function vmOn(number: number, type: Type): calls.VmRunSpec {
  const datastoreId = idOf(type);
  const vm = testVm(number);
  return { ...vm, datastoreId, disks: vm.disks.map((disk) => ({ ...disk, datastoreId })) };
}

function at(vm: calls.VmRunSpec, layout: diskCalls.VmLayout): calls.VmRunSpec {
  const { datastoreId, vmxPath, disks } = layout;
  return { ...vm, datastoreId, vmxPath, disks };
}

async function powerOn(on: TestAgent, vm: calls.VmRunSpec): Promise<string> {
  const { nbdSocketPath } = await on.keyed(calls.powerOnVm, { vm });
  return `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`;
}

/** Ends with an error of fio's own when a block is not as it was written. */
function verify(uri: string, loops: number): Promise<string> {
  return mustRun('fio', [
    ...['--name=verify', '--ioengine=nbd', `--uri=${uri}`, '--rw=randwrite', '--bs=16k'],
    ...['--size=24m', '--iodepth=8', '--verify=crc32c', '--verify_backlog=32', '--do_verify=1'],
    ...['--verify_fatal=1', `--loops=${loops}`, '--fsync=32', '--rate_iops=400'],
  ]);
}

function relocation(vm: calls.VmRunSpec, type: Type, provisioning: diskCalls.Provisioning) {
  const datastoreId = idOf(type);
  const place = { datastoreId, vmxPath: vm.vmxPath };
  const disks = vm.disks.map(({ key, path }) => ({ key, datastoreId, path, provisioning }));
  return { vm, home: place, disks };
}

async function remove(on: TestAgent, vm: calls.VmRunSpec): Promise<void> {
  await on.keyed(calls.powerOffVm, { vmId: vm.vmId });
  await on.keyed(diskCalls.destroyVm, { vm });
}

test.skipIf(!tools)('storage migration through all types under load', async () => {
  let vm = vmOn(1, 'VMFS');
  await host(1).keyed(calls.createVm, { vm, contents: [] });
  const uri = await powerOn(host(1), vm);
  await mustRun('qemu-io', ['-f', 'raw', '-c', 'write -P 17 40M 1M', '-c', 'flush', uri]);
  for (const type of ['vsan', 'VVOL', 'NFS', 'VMFS'] as const) {
    const load = verify(uri, 2);
    const moved = await host(1).keyed(diskCalls.relocateVm, relocation(vm, type, 'thin'));
    vm = at(vm, moved.layout);
    await load;
    expect(vm.disks.map(({ datastoreId }) => datastoreId)).toEqual([idOf(type)]);
  }
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', 'read -P 17 40M 1M', uri]);
  expect(said).not.toMatch(/verification failed/i);
  await remove(host(1), vm);
});

test.skipIf(!tools).each(['vsan', 'VVOL'] as const)('live migration on %s', async (type) => {
  const vm = vmOn(2, type);
  await host(1).keyed(calls.createVm, { vm, contents: [] });
  const { nbdPort } = await host(1).keyed(calls.powerOnVm, { vm });
  const spec = { ...vm, nbdPort };
  const uri = `nbd://127.0.0.1:${nbdPort}/scsi0:0`;
  const load = verify(uri, 3);
  for (const [from, to] of [
    [1, 2],
    [2, 3],
    [3, 1],
  ] as const) {
    const ticket = await host(to).keyed(calls.prepareIncoming, { vm: spec });
    await host(from).keyed(calls.migrateOut, { vmId: vm.vmId, ticket });
    const arrived = await host(to).keyed(calls.finishIncoming, { vmId: vm.vmId });
    expect(arrived).toEqual({ arrived: true });
  }
  await load;
  await remove(host(1), spec);
});

test.skipIf(!tools).each(['vsan', 'VVOL'] as const)('clones on %s', async (type) => {
  const vm = vmOn(3, type);
  await host(1).keyed(calls.createVm, { vm, contents: [] });
  const uri = await powerOn(host(1), vm);
  await mustRun('qemu-io', ['-f', 'raw', '-c', 'write -P 33 3M 1M', '-c', 'flush', uri]);
  const snapshot = { name: 'base', description: '', quiesce: false };
  const taken = await host(1).keyed(diskCalls.createSnapshot, { vm, ...snapshot });
  const source = at(vm, taken.layout);
  for (const linked of [false, true]) {
    const target = vmOn(linked ? 5 : 4, type);
    const cloned = await host(1).keyed(diskCalls.cloneVm, {
      ...{ source, snapshotId: taken.snapshotId, target, linked, provisioning: 'thin' as const },
    });
    const copy = at(target, cloned.layout);
    const there = await powerOn(host(2), copy);
    const said = await mustRun('qemu-io', ['-f', 'raw', '-c', 'read -P 33 3M 1M', there]);
    expect(said).not.toMatch(/verification failed/i);
    await remove(host(2), copy);
  }
  await remove(host(1), source);
});

test.skipIf(!tools).each(['vsan', 'VVOL'] as const)(
  'a thick disk on %s has its space',
  async (type) => {
    const vm = vmOn(6, 'NFS');
    await host(1).keyed(calls.createVm, { vm, contents: [] });
    const uri = await powerOn(host(1), vm);
    const moved = await host(1).keyed(diskCalls.relocateVm, relocation(vm, type, 'thick'));
    const there = at(vm, moved.layout);
    const { layout } = await host(1).call(diskCalls.readVmLayout, { vm: there });
    expect(layout.storage).toMatchObject([{ provisioning: 'thick' }]);
    const copies = type === 'vsan' ? 2 : 1;
    // What is cleared keeps its space.
    const discard = ['-f', 'raw', '-c', 'write -z -u 0 8M', '-c', 'discard 8M 8M', '-c', 'flush'];
    await mustRun('qemu-io', [...discard, uri]);
    const { objects } = await host(1).call(readObjects, { datastoreId: idOf(type) });
    expect(objects).toHaveLength(1);
    expect(objects[0]?.usedBytes).toBeGreaterThanOrEqual(copies * 64 * MIB);
    // Another one does not fit.
    const place = { datastoreId: idOf(type), path: 'web06/more.vmdk', capacityBytes: CAPACITY };
    const disk = { key: 2001, label: 'Hard disk 2', unit: 'scsi0:1', filters: [], ...place };
    const attach = { vm: there, disk, create: { provisioning: 'thick' as const } };
    const attached = host(1).keyed(diskCalls.attachDisk, attach);
    await expect(attached).rejects.toMatchObject({ fault: 'NoDiskSpace' });
    await remove(host(1), there);
  },
);

test.skipIf(!tools).each(['vsan', 'VVOL'] as const)(
  'a guest on %s waits while there is no space, and loses nothing',
  async (type) => {
    // A copy on each host of the vSAN, so that none of them has the room.
    const fillers = [1, 2, 3].map((number) => ({ on: host(number), vm: vmOn(number, type) }));
    for (const { on, vm: filler } of fillers) {
      await on.keyed(calls.createVm, { vm: filler, contents: [] });
      const full = await powerOn(on, filler);
      await mustRun('qemu-io', ['-f', 'raw', '-c', 'write -P 1 0 60M', '-c', 'flush', full]);
    }
    const small = vmOn(9, type);
    const vm = { ...small, disks: small.disks.map((disk) => ({ ...disk, capacityBytes: LARGE })) };
    await host(2).keyed(calls.createVm, { vm, contents: [] });
    const uri = await powerOn(host(2), vm);
    const writing = mustRun('qemu-io', writes(150), { timeoutMs: 600_000 });
    function writes(mib: number): string[] {
      const each = Array.from({ length: mib }, (_, at) => ['-c', `write -P 2 ${at}M 1M`]).flat();
      return ['-f', 'raw', ...each, '-c', 'flush', uri];
    }
    let ended = false;
    void writing.then(() => {
      ended = true;
    });
    const waits = async () => (await host(2).world(vm.vmId))?.trouble?.kind === 'noSpace';
    await eventually(waits);
    expect(ended).toBe(false);
    for (const { on, vm: filler } of fillers) await remove(on, filler);
    await writing;
    const said = await mustRun('qemu-io', ['-f', 'raw', '-c', 'read -P 2 0 150M', uri]);
    expect(said).not.toMatch(/verification failed/i);
    await remove(host(2), vm);
  },
);
