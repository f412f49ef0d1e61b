// The same VM on a datastore of each type, over real agents: made with a file system, written to,
// snapshotted, grown, moved between hosts and datastores, and deleted. Beside it a raw device.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { callPeer } from '../../volumes/rpc-client.ts';
import { allObjects } from '../../vsan/vsan-datastore.ts';
import { queryContainer } from '../../vvol/provider-rpc.ts';
import { providerOf } from '../../vvol/vvol-container.ts';
import { haveTools, mustRun } from '../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../test-agents.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const PROVIDER = fileURLToPath(new URL('../../vvol/provider-main.ts', import.meta.url));
const TOKEN = 'a token for the tests';
const tools = haveTools('qemu-io', 'nbdinfo');
const lab = new TestLab();
const agents: TestAgent[] = [];
const children: ChildProcess[] = [];
const TYPES = ['VMFS', 'NFS', 'vsan', 'VVOL'] as const;
let providerOptions: Record<string, string> = {};

beforeAll(async () => {
  await lab.openDepot();
  providerOptions = { provider: await startProvider(), token: TOKEN };
  const datastores = TYPES.map((type, index) => ({
    ...{ id: `datastore-${index + 1}`, name: type, type, path: join(lab.folder, type) },
    options: type === 'VVOL' ? providerOptions : {},
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
  // All three hosts of the vSAN, not only the two that make it usable.
  await eventually(async () => readdirSync(join(lab.folder, 'vsan/.vsan/nodes')).length === 3);
});

afterAll(async () => {
  await lab.close();
  for (const child of children) child.kill('SIGKILL');
});

async function startProvider(): Promise<string> {
  const env = { ...process.env, SLUICE_VVOL_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' };
  const child = fork(PROVIDER, ['--directory', join(lab.folder, 'container')], { env });
  children.push(child);
  const [message] = await once(child, 'message');
  return `http://127.0.0.1:${z.object({ port: z.number() }).parse(message).port}`;
}

function host(number: number): TestAgent {
  const agent = agents[number - 1];
  if (agent) return agent;
  throw new Error(`no host ${number}`);
}

function vmOn(number: number, type: (typeof TYPES)[number]): calls.VmRunSpec {
  const datastoreId = `datastore-${TYPES.indexOf(type) + 1}`;
  const vm = testVm(number);
  return { ...vm, datastoreId, disks: vm.disks.map((disk) => ({ ...disk, datastoreId })) };
}

function at(vm: calls.VmRunSpec, layout: diskCalls.VmLayout): calls.VmRunSpec {
  return { ...vm, disks: layout.disks };
}

async function powerOn(on: TestAgent, vm: calls.VmRunSpec, unit = 'scsi0:0'): Promise<string> {
  const { nbdSocketPath } = await on.keyed(calls.powerOnVm, { vm });
  return `nbd+unix:///${unit}?socket=${nbdSocketPath}`;
}

async function write(uri: string, pattern: number, where: string): Promise<void> {
  const commands = ['-c', `write -P ${pattern} ${where} 1M`, '-c', 'flush'];
  await mustRun('qemu-io', ['-f', 'raw', ...commands, uri]);
}

async function expectPattern(uri: string, pattern: number, where: string): Promise<void> {
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', `read -P ${pattern} ${where} 1M`, uri]);
  expect(said).not.toMatch(/verification failed/i);
}

test.skipIf(!tools).each(TYPES)('a VM runs on %s', async (type) => {
  let vm = vmOn(TYPES.indexOf(type) + 1, type);
  const files = [{ path: 'hello.txt', text: 'from a new disk\n' }];
  const contents = [{ diskKey: 2000, fileSystem: 'ext4' as const, label: 'data', files }];
  await host(1).keyed(calls.createVm, { vm, contents });
  let uri = await powerOn(host(1), vm);
  // The magic number of ext4, at 1080.
  const magic = await mustRun('qemu-io', ['-f', 'raw', '-c', 'read -v 1024 512', uri]);
  expect(magic).toMatch(/53 ef/);
  await write(uri, 0x11, '32M');
  const snapshot = { name: 'before', description: '', quiesce: false };
  const taken = await host(1).keyed(diskCalls.createSnapshot, { vm, ...snapshot });
  vm = at(vm, taken.layout);
  await write(uri, 0x22, '33M');
  const { snapshotId } = taken;
  const removal = { vm, snapshotId, removeChildren: false };
  const merged = await host(1).keyed(diskCalls.removeSnapshot, removal);
  vm = at(vm, merged.layout);
  const grown = await host(1).keyed(diskCalls.growDisk, {
    vm,
    diskKey: 2000,
    capacityBytes: 96 * MIB,
  });
  vm = at(vm, grown.layout);
  expect(await mustRun('nbdinfo', ['--size', uri])).toBe(`${96 * MIB}\n`);
  await write(uri, 0x33, '95M');
  await host(1).keyed(calls.powerOffVm, { vmId: vm.vmId });
  await host(1).keyed(calls.unregisterVm, { vmId: vm.vmId });
  uri = await powerOn(host(2), vm);
  await expectPattern(uri, 0x11, '32M');
  await expectPattern(uri, 0x22, '33M');
  await expectPattern(uri, 0x33, '95M');
  const { layout } = await host(2).call(diskCalls.readVmLayout, { vm });
  expect(layout.storage?.[0]?.usedBytes).toBeGreaterThan(3 * MIB);
  await host(2).keyed(calls.powerOffVm, { vmId: vm.vmId });
  await host(2).keyed(diskCalls.destroyVm, { vm });
  expect(existsSync(join(lab.folder, type, 'web01'))).toBe(false);
});

test.skipIf(!tools)('no object is left of VMs that are gone', async () => {
  expect(await allObjects(join(lab.folder, 'vsan'))).toEqual([]);
  const { volumes } = await callPeer(providerOf(providerOptions), queryContainer, {});
  expect(volumes).toBe(0);
});

test.skipIf(!tools)('a VM on vSAN works on through the loss of a host', async () => {
  const vm = vmOn(5, 'vsan');
  await host(1).keyed(calls.createVm, { vm, contents: [] });
  const uri = await powerOn(host(1), vm);
  await write(uri, 0x44, '1M');
  const entries = readdirSync(join(lab.folder, 'vsan/.vsan/nodes'));
  expect(entries).toHaveLength(3);
  const objects = await allObjects(join(lab.folder, 'vsan'));
  expect(objects).toMatchObject([{ state: 'healthy' }]);
  // The agent brings the node back, which is what the host's return is.
  for (const number of [2, 3]) {
    const pid = await nodePidOf(number);
    process.kill(pid, 'SIGKILL');
    await write(uri, 0x50 + number, `${number}M`);
    await expectPattern(uri, 0x44, '1M');
    await eventually(async () => {
      const [object] = await allObjects(join(lab.folder, 'vsan'));
      return object?.state === 'healthy';
    });
  }
  await expectPattern(uri, 0x52, '2M');
  await expectPattern(uri, 0x53, '3M');
  await host(1).keyed(calls.powerOffVm, { vmId: vm.vmId });
  await host(1).keyed(diskCalls.destroyVm, { vm });
});

/** The process of a host's vSAN node, by its command line. */
async function nodePidOf(number: number): Promise<number> {
  const launch = join(lab.folder, `esx0${number}`, 'launch/vsan-datastore-3.json');
  const said = await mustRun('pgrep', ['-f', `node-main.ts ${launch}`]);
  return Number(said.trim().split('\n')[0]);
}

test.skipIf(!tools || !haveTools('nbdkit'))('a raw device in virtual mode', async () => {
  const vm = vmOn(6, 'VMFS');
  await host(1).keyed(calls.createVm, { vm, contents: [] });
  const port = await freePort();
  const options = ['-f', '-i', '127.0.0.1', '-p', String(port), 'memory', '32M'];
  children.push(spawn('nbdkit', options, { stdio: 'ignore' }));
  const device = `nbd://127.0.0.1:${port}/`;
  const [first] = vm.disks;
  if (!first) throw new Error('no disk');
  const disk = { ...first, key: 2001, unit: 'scsi0:1', path: 'web06/raw.vmdk' };
  const { layout } = await eventually(() =>
    host(1)
      .keyed(diskCalls.attachDisk, { vm, disk, create: { device } })
      .catch(() => null),
  );
  expect(layout.disks[1]?.capacityBytes).toBe(32 * MIB);
  const uri = await powerOn(host(1), at(vm, layout), 'scsi0:1');
  await write(uri, 0x66, '4M');
  await expectPattern(device, 0x66, '4M');
  await host(1).keyed(calls.powerOffVm, { vmId: vm.vmId });
  const refused = { ...disk, key: 2002, unit: 'scsi0:2', path: 'web06/other.vmdk' };
  await expect(
    host(1).keyed(diskCalls.attachDisk, {
      ...{ vm: at(vm, layout), disk: refused, create: { device: '/etc/passwd' } },
    }),
  ).rejects.toMatchObject({ fault: 'InvalidArgument' });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
