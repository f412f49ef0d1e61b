// Kills the agent, the world, or both at random moments while a VM is cloned, gets and loses a
// disk, moves with its home, is suspended and is reverted. Asked again, each operation ends well;
// all that was acknowledged is there, and no file is left over.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../../../test-agents.ts';
import { type Ask, askUntilDone, connectTo, kill, Registers, type Victim } from './test-crashes.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 580_000, hookTimeout: 180_000 });

const ROUNDS = 2;
const VICTIMS: readonly Victim[] = ['agent', 'world', 'both'];

const lab = new TestLab();
const vmId = 'vm-1';
const registers = new Registers();
let esx01: TestAgent;
/** As the controller knows it. */
let vm = testVm(1);
let port = 0;
let golden = 0;
let atSnapshot = registers.copy();
let kills = 0;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  const datastores = ['ds1', 'ds2'].map((name, index) => ({
    ...{ id: `datastore-${index + 1}`, name, type: 'VMFS' as const },
    path: join(lab.folder, name),
  }));
  await esx01.call(calls.configure, { hostId: 'host-1', name: 'esx01', datastores });
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  port = (await esx01.keyed(calls.powerOnVm, { vm })).nbdPort;
});

afterAll(() => lab.close());

function files(): string[] {
  const folders = ['ds1', 'ds2'].flatMap((store) =>
    readdirSync(join(lab.folder, store))
      .filter((name) => name.startsWith('web'))
      .map((name) => join(store, name)),
  );
  return (
    folders
      .flatMap((folder) => readdirSync(join(lab.folder, folder)).map((name) => join(folder, name)))
      // A spare is a reserve that may be missing.
      .filter((name) => !/(\.lck|~)$/.test(name))
      .sort()
  );
}

async function readBack(): Promise<diskCalls.VmLayout> {
  const { layout } = await esx01.call(diskCalls.readVmLayout, { vm });
  const { datastoreId, vmxPath, disks } = layout;
  vm = { ...vm, datastoreId, vmxPath, disks };
  return layout;
}

async function powerOn(): Promise<void> {
  port = (await esx01.keyed(calls.powerOnVm, { vm })).nbdPort;
}

/** Asks, kills in the middle, starts what does not start itself, and asks until it is done. */
async function cutOff(what: string, ask: Ask, underLoad = true): Promise<string> {
  const client = underLoad ? await connectTo(port) : null;
  if (client) registers.start(client);
  const key = `${what}-${kills}`;
  const victim = VICTIMS[kills % VICTIMS.length] ?? 'both';
  kills += 1;
  const asked = ask(key).catch(() => null);
  const [early = 0] = systemRandom.bytes(1);
  await sleep(systemClock, early * 3);
  await kill(esx01, vmId, victim);
  await asked;
  await registers.end();
  client?.close();
  if (!esx01.isRunning) await esx01.start();
  const answers = await askUntilDone(ask, key);
  return `${what}, ${victim} after ${early * 3} ms, ${answers.join()}`;
}

async function verify(): Promise<void> {
  const client = await connectTo(port);
  await registers.verify(client);
  client.close();
}

async function takeSnapshot(): Promise<void> {
  const args = { vm, name: 'golden', description: '', quiesce: false };
  const { snapshotId } = await esx01.keyed(diskCalls.createSnapshot, args);
  golden = snapshotId;
  atSnapshot = registers.copy();
  await readBack();
}

async function cloneCutOff(linked: boolean): Promise<void> {
  const target = testVm(2);
  const before = files();
  const input = { source: vm, snapshotId: golden, target, linked, provisioning: 'thin' as const };
  const told = await cutOff(linked ? 'linked clone' : 'clone', (operationKey) =>
    esx01.call(diskCalls.cloneVm, { operationKey, ...input }),
  );
  const extent = linked ? 'web02-delta.vmdk' : 'web02-flat.vmdk';
  const made = [extent, 'web02.vmdk', 'web02.vmx'].map((name) => `ds1/web02/${name}`);
  expect(files(), told).toEqual([...before, ...made].sort());
  await verify();
  await esx01.keyed(diskCalls.destroyVm, { vm: target });
  expect(files(), told).toEqual(before);
}

test('clones', async () => {
  await takeSnapshot();
  for (let round = 0; round < ROUNDS; round++) {
    await cloneCutOff(false);
    await cloneCutOff(true);
  }
});

test('a disk more and less', async () => {
  const before = files();
  for (let round = 0; round < ROUNDS; round++) {
    const disk = {
      ...{ key: 2001, label: 'Hard disk 2', unit: 'scsi0:1', datastoreId: 'datastore-1' },
      ...{ path: `web01/more${round}.vmdk`, capacityBytes: 32 * MIB, filters: [] },
    };
    const create = { provisioning: 'thick' as const };
    const attached = await cutOff('attach', (operationKey) =>
      esx01.call(diskCalls.attachDisk, { operationKey, vm, disk, create }),
    );
    expect((await readBack()).disks.length, attached).toBe(2);
    const names = [`more${round}-flat.vmdk`, `more${round}.vmdk`].map(
      (name) => `ds1/web01/${name}`,
    );
    expect(files(), attached).toEqual([...before, ...names].sort());
    await verify();
    const detached = await cutOff('detach', (operationKey) =>
      esx01.call(diskCalls.detachDisk, { operationKey, vm, diskKey: 2001, deleteFiles: true }),
    );
    expect((await readBack()).disks.length, detached).toBe(1);
    expect(files(), detached).toEqual(before);
    await verify();
  }
});

test('a move of the home with its disk and snapshots', async () => {
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const [from, to] = round % 2 === 0 ? ['ds1', 'ds2'] : ['ds2', 'ds1'];
    const datastoreId = round % 2 === 0 ? 'datastore-2' : 'datastore-1';
    const home = { datastoreId, vmxPath: vm.vmxPath };
    const before = files();
    const spec = vm;
    const disks = [
      { key: 2000, datastoreId, path: 'web01/web01.vmdk', provisioning: 'thin' as const },
    ];
    const told = await cutOff('move', (operationKey) =>
      esx01.call(diskCalls.relocateVm, { operationKey, vm: spec, home, disks }),
    );
    vm = { ...vm, ...home };
    await readBack();
    expect(existsSync(join(lab.folder, from, 'web01')), told).toBe(false);
    expect(files(), told).toEqual(before.map((name) => name.replace(from, to)).sort());
    await verify();
  }
});

test('suspend', async () => {
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const told = await cutOff('suspend', (operationKey) =>
      esx01.call(diskCalls.suspendVm, { operationKey, vmId }),
    );
    expect(await esx01.world(vmId), told).toMatchObject({ powerState: 'suspended' });
    await powerOn();
    await verify();
  }
});

test('back to a snapshot', async () => {
  for (let round = 0; round < 2 * ROUNDS; round++) {
    await esx01.keyed(calls.powerOffVm, { vmId });
    const spec = vm;
    const ask: Ask = (operationKey) =>
      esx01.call(diskCalls.revertToSnapshot, { operationKey, vm: spec, snapshotId: golden });
    const told = await cutOff('revert', ask, false);
    registers.restore(atSnapshot);
    const { currentSnapshotId, disks } = await readBack();
    expect(currentSnapshotId, told).toBe(golden);
    expect(files().filter((name) => name.endsWith('-delta.vmdk')).length, told).toBe(disks.length);
    await powerOn();
    await verify();
    const client = await connectTo(port);
    registers.start(client);
    await sleep(systemClock, 200);
    await registers.end();
    client.close();
  }
});
