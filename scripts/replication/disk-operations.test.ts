// Operations on a replicated disk of real hosts, under writes: after each of them the target's
// newest moment is the disk, and where no more than what changed is to be sent, every moment on
// the way can be had as well.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually, type TestAgent, TestLab, testVm } from '#host/agent/test-agents.ts';
import { pairWithTarget } from '#host/replica/replication-target.ts';
import { callPeer } from '#host/volumes/rpc-client.ts';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { seal } from '#lib/formats/sealed-box/sealed-box.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { PAIRING_KEYS } from '#lib/model/key.ts';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { encodeKeys } from '#lib/wire/agent/key-bytes.ts';
import { putKeys, readKeyBox } from '#lib/wire/agent/key-rpc.ts';
import type { Pairing } from '#lib/wire/agent/target-pairing.ts';
import {
  newPairingCode,
  queryReplicas,
  serveMoment,
  stopServingMoment,
} from '#lib/wire/agent/target-rpc.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

const ENTRY = path.join(import.meta.dirname, '..', '..', 'host', 'replica', 'target-main.ts');
const TOKEN = 'the token of a target for tests';
const LOCAL = '127.0.0.1';
const IN_SYNC = 2;
/** Of the disk; it is read again and again. */
const BYTES = 16 * MIB;
const tools = haveTools('nbdcopy');
const lab = new TestLab();
const portsSchema = z.object({ port: z.number(), rpcPort: z.number(), nbdPort: z.number() });
let ports = { port: 0, rpcPort: 0, nbdPort: 0 };
let target: ChildProcess;
let pairing: Pairing;
let esx01: TestAgent;
let esx02: TestAgent;
/** Where the VM runs, and what it is. */
let host: TestAgent;
let vm: calls.VmRunSpec;
let socket = '';

beforeAll(async () => {
  const args = ['--directory', path.join(lab.folder, 'copies'), '--segment-mib', '16'];
  target = fork(ENTRY, args, {
    env: { ...process.env, SLUICE_TARGET_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  ports = portsSchema.parse((await once(target, 'message'))[0]);
  const { code } = await callPeer(operator(), newPairingCode, {});
  pairing = await pairWithTarget({ host: LOCAL, port: ports.port }, code);
  await lab.openDepot();
  [esx01, esx02] = [await lab.addHost(1), await lab.addHost(2)];
  for (const [index, agent] of [esx01, esx02].entries()) {
    const datastores = ['ds1', 'ds2'].map((name, number) => ({
      ...{ id: `datastore-${number + 1}`, name, type: 'VMFS' as const },
      path: path.join(lab.folder, name),
    }));
    await agent.call(calls.configure, {
      ...{ hostId: `host-${index + 1}`, name: agent.name, datastores },
    });
    await agent.keyed(calls.installVib, lab.vib('replication'));
  }
  host = esx01;
  vm = small(testVm(1, filtersOf(1)));
  await host.keyed(calls.createVm, { vm, contents: [] });
  await powerOn();
});
afterAll(async () => {
  await lab.close();
  target.kill('SIGTERM');
});

function operator() {
  return { place: { host: LOCAL, port: ports.rpcPort }, token: TOKEN };
}

function small(spec: calls.VmRunSpec): calls.VmRunSpec {
  const disks = spec.disks.map((disk) => ({ ...disk, capacityBytes: BYTES }));
  return { ...spec, disks };
}

/** As the controller sets them for a disk. */
function filtersOf(number: number): DiskFilter[] {
  const properties = {
    ...{ target: `${LOCAL}:${ports.port}`, pairing: pairing.id, keyId: pairing.id },
    ...{ keyProvider: PAIRING_KEYS, vm: testVm(number).instanceUuid, disk: '2000' },
  };
  return [{ name: 'replication', class: 'replication', properties }];
}

async function giveKey(to: TestAgent, vmId: string): Promise<void> {
  const { publicKey } = await to.call(readKeyBox, {});
  const value = Buffer.from(pairing.key, 'hex').toString('base64');
  const bytes = encodeKeys([{ provider: PAIRING_KEYS, keyId: pairing.id, value }]);
  const sealed = seal({ bytes, purpose: vmId, publicKey, random: systemRandom });
  await to.call(putKeys, { vmId, sealed });
}

async function powerOn(): Promise<void> {
  await giveKey(host, vm.vmId);
  socket = (await host.keyed(calls.powerOnVm, { vm })).nbdSocketPath;
}

function took({ disks, datastoreId, vmxPath }: diskCalls.VmLayout): void {
  vm = { ...vm, disks, datastoreId, vmxPath };
}

async function report(number = 1) {
  const { replicas } = await callPeer(operator(), queryReplicas, {});
  const found = replicas.find(({ diskId }) => diskId.startsWith(testVm(number).instanceUuid));
  if (found === undefined) throw new Error(`there is no copy of web0${number}`);
  return found;
}

/** The target has everything. */
function settled(at: TestAgent, vmId: string): Promise<true> {
  return eventually(async () => {
    const { samples } = await at.call(calls.sampleVms, {});
    const disk = samples.find((each) => each.vmId === vmId)?.sample.disks[0];
    const { state, lagBytes } = disk?.filters[0]?.statistics ?? {};
    return state === IN_SYNC && lagBytes === 0;
  });
}

async function read(uri: string): Promise<Buffer> {
  const file = path.join(lab.folder, 'image.raw');
  await mustRun('nbdcopy', [uri, file], { timeoutMs: 120_000 });
  return readFile(file);
}

async function readMoment(sequence: number, number = 1): Promise<Buffer> {
  const { diskId } = await report(number);
  const { moment, nbdPort } = await callPeer(operator(), serveMoment, { diskId, at: { sequence } });
  const { exportName } = moment;
  const image = await read(`nbd://${LOCAL}:${nbdPort}/${exportName}`);
  await callPeer(operator(), stopServingMoment, { exportName });
  return image;
}

/** Does it while the guest writes; says from which record to which that went. */
async function underWrites(work: () => Promise<void>): Promise<{ from: number; to: number }> {
  const from = (await report()).durable;
  const at = host;
  const workload = {
    ...{ kind: 'generator' as const, pattern: 'randrw' as const, readPercent: 10 },
    ...{ blockBytes: 4096, queueDepth: 4, rateIops: 400, durationSeconds: 600 },
  };
  const { vmId } = vm;
  const request = { vmId, diskKey: 2000, workload, traceUrl: null };
  const { workloadId } = await at.keyed(calls.startWorkload, request);
  const written = async (ios: number): Promise<number> => {
    const { workloads } = await at.report();
    const load = workloads.find(({ id }) => id === workloadId);
    if (load?.state !== 'running') throw new Error(`the load has ended: ${load?.message}`);
    expect(load.errors).toBe(0);
    return load.completedIos > ios ? load.completedIos : 0;
  };
  const before = await eventually(() => written(50));
  await work();
  await eventually(() => written(before + 50));
  await at.call(calls.stopWorkload, { workloadId });
  await settled(host, vmId);
  return { from, to: (await report()).durable };
}

async function isCopied(): Promise<void> {
  await settled(host, vm.vmId);
  const { durable, needsResync, damage } = await report();
  expect({ needsResync, damage }).toEqual({ needsResync: false, damage: '' });
  const disk = await read(`nbd+unix:///scsi0:0?socket=${socket}`);
  expect(Buffer.compare(await readMoment(durable), disk)).toBe(0);
}

/** What the disk was on the way can be had, which is not so while a copy is brought up to date. */
async function hasMoments({ from, to }: { from: number; to: number }): Promise<void> {
  expect(to).toBeGreaterThan(from);
  for (const part of [0.1, 0.5, 0.9]) {
    const sequence = Math.round(from + (to - from) * part);
    const { diskId } = await report();
    const { moment } = await callPeer(operator(), serveMoment, { diskId, at: { sequence } });
    await callPeer(operator(), stopServingMoment, { exportName: moment.exportName });
  }
}

let snapshotId = 0;

test.skipIf(!tools)('a snapshot, a move to another host, and the end of the snapshot', async () => {
  await settled(host, vm.vmId);
  const taken = await underWrites(async () => {
    const named = { vm, name: 'one', description: '', quiesce: false };
    const { layout, snapshotId: id } = await host.keyed(diskCalls.createSnapshot, named);
    took(layout);
    snapshotId = id;
  });
  await hasMoments(taken);
  await isCopied();
  expect((await report()).bookmarks.some(({ name }) => name.startsWith('snapshot '))).toBe(true);
  const moved = await underWrites(async () => {
    await giveKey(esx02, vm.vmId);
    const ticket = await esx02.keyed(calls.prepareIncoming, { vm });
    await host.keyed(calls.migrateOut, { vmId: vm.vmId, ticket });
    await esx02.keyed(calls.finishIncoming, { vmId: vm.vmId });
    host = esx02;
    const world = await eventually(() => esx02.world(vm.vmId));
    socket = world.nbdSocketPath;
  });
  await hasMoments(moved);
  await isCopied();
  const removed = await underWrites(async () => {
    const input = { vm, snapshotId, removeChildren: false };
    took((await host.keyed(diskCalls.removeSnapshot, input)).layout);
  });
  await hasMoments(removed);
  await isCopied();
});

test.skipIf(!tools)('a move to another datastore, and a larger disk', async () => {
  const moved = await underWrites(async () => {
    const disk = { key: 2000, datastoreId: 'datastore-2', path: 'web01/web01.vmdk' };
    const disks = [{ ...disk, provisioning: 'thin' as const }];
    const home = { datastoreId: 'datastore-2', vmxPath: 'web01/web01.vmx' };
    took((await host.keyed(diskCalls.relocateVm, { vm, home, disks })).layout);
  });
  await hasMoments(moved);
  await isCopied();
  const capacityBytes = BYTES + 4 * MIB;
  const grown = await underWrites(async () => {
    took((await host.keyed(diskCalls.growDisk, { vm, diskKey: 2000, capacityBytes })).layout);
  });
  await hasMoments(grown);
  await isCopied();
  expect((await report()).sizeBytes).toBe(capacityBytes);
});

test.skipIf(!tools)('a clone has a copy of its own; a revert comes to the target', async () => {
  let frozen: Buffer = Buffer.alloc(0);
  await underWrites(async () => {
    const named = { vm, name: 'two', description: '', quiesce: false };
    const { layout, snapshotId: id } = await host.keyed(diskCalls.createSnapshot, named);
    took(layout);
    snapshotId = id;
  });
  const disks = vm.disks.map((disk) => ({
    ...disk,
    ...{ datastoreId: 'datastore-1', path: 'web02/web02.vmdk', filters: filtersOf(2) },
  }));
  const copy: calls.VmRunSpec = { ...testVm(2), disks };
  await giveKey(host, copy.vmId);
  const made = await host.keyed(diskCalls.cloneVm, {
    ...{ source: vm, snapshotId, target: copy, linked: false, provisioning: 'thin' },
  });
  const clone = { ...copy, disks: made.layout.disks };
  const uri = `nbd+unix:///scsi0:0?socket=${
    (await host.keyed(calls.powerOnVm, { vm: clone })).nbdSocketPath
  }`;
  await settled(host, clone.vmId);
  frozen = await read(uri);
  expect(Buffer.compare(await readMoment((await report(2)).durable, 2), frozen)).toBe(0);
  await host.keyed(calls.powerOffVm, { vmId: clone.vmId });
  await isCopied();
  await host.keyed(calls.powerOffVm, { vmId: vm.vmId });
  // A host keeps keys of VMs that are on.
  await giveKey(host, vm.vmId);
  took((await host.keyed(diskCalls.revertToSnapshot, { vm, snapshotId })).layout);
  await powerOn();
  await isCopied();
  const { durable } = await report();
  expect(Buffer.compare(await readMoment(durable), frozen)).toBe(0);
});
