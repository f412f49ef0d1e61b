// A guest operating system on our disks: it boots from one, writes, is moved, and reads back what
// it wrote.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../agent/test-agents.ts';
import { mustRun } from '../world/test-peers.ts';
import { BOOT_BYTES, canBootGuests, makeBootImage } from './test-boot-image.ts';
import { Guest } from './test-guest.ts';

// Software emulation on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

const ready = canBootGuests();
const lab = new TestLab();
const DISK_BYTES = 96 * MIB;
const trace = { name: 'trace', class: 'inspection' as const, properties: {} };
let folder: string;
let esx01: TestAgent;
let esx02: TestAgent;
let vm = testVm(1);
let guest: Guest;

beforeAll(async () => {
  if (!ready) return;
  folder = await mkdtemp(join(tmpdir(), 'sluice-guest-'));
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  esx02 = await lab.addHost(2);
  for (const host of [esx01, esx02]) await host.keyed(calls.installVib, lab.vib('trace'));
  const disks = vm.disks.map((disk) => ({ ...disk, capacityBytes: DISK_BYTES }));
  vm = { ...vm, disks };
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  const { nbdPort, nbdSocketPath } = await esx01.keyed(calls.powerOnVm, { vm });
  vm = { ...vm, nbdPort };
  const image = await makeBootImage(folder);
  await mustRun('nbdcopy', [image, `nbd+unix:///scsi0:0?socket=${nbdSocketPath}`]);
  guest = await boot();
});

afterAll(async () => {
  if (ready) await guest?.powerOff();
  await lab.close();
  if (ready) await rm(folder, { recursive: true, force: true });
});

function boot(): Promise<Guest> {
  return Guest.boot(folder, `nbd://127.0.0.1:${vm.nbdPort}/scsi0:0`);
}

/** Fills a MiB of the free part with random data, for good; returns the checksum. */
function write(mebibyte: number): Promise<string> {
  const at = BOOT_BYTES / MIB + mebibyte;
  const fill = `dd if=/dev/urandom of=/tmp/d bs=1M count=1 2>/dev/null`;
  const put = `dd if=/tmp/d of=/dev/vda bs=1M seek=${at} conv=fsync 2>/dev/null`;
  return guest.run(`mkdir -p /tmp && ${fill} && ${put} && sha256sum < /tmp/d`);
}

function read(mebibyte: number): Promise<string> {
  const at = BOOT_BYTES / MIB + mebibyte;
  const drop = 'echo 3 > /proc/sys/vm/drop_caches';
  return guest.run(`${drop}; dd if=/dev/vda bs=1M skip=${at} count=1 2>/dev/null | sha256sum`);
}

/** Takes over what an operation has made of the VM. */
function follow({ layout }: { layout: diskCalls.VmLayout }): void {
  vm = { ...vm, disks: layout.disks };
}

async function moveTo(from: TestAgent, to: TestAgent): Promise<void> {
  const ticket = await to.keyed(calls.prepareIncoming, { vm });
  const moved = await from.keyed(calls.migrateOut, { vmId: vm.vmId, ticket });
  expect(moved).toMatchObject({ connections: 1 });
  await to.keyed(calls.finishIncoming, { vmId: vm.vmId });
}

async function restartGuest(): Promise<void> {
  await guest.powerOff();
  guest = await boot();
}

test.runIf(ready)('what a guest wrote is there after a filter, a move and a restart', async () => {
  expect(await guest.run('cat /sys/block/vda/size')).toBe(`${DISK_BYTES / 512}`);
  const before = await write(1);
  await esx01.keyed(calls.setDiskFilters, { vm, diskKey: 2000, filters: [trace] });
  vm = { ...vm, disks: vm.disks.map((disk) => ({ ...disk, filters: [trace] })) };
  const filtered = await write(2);
  await moveTo(esx01, esx02);
  const moved = await write(3);
  expect([await read(1), await read(2)]).toEqual([before, filtered]);
  await restartGuest();
  expect([await read(1), await read(2), await read(3)]).toEqual([before, filtered, moved]);
});

test.runIf(ready)('a guest works on while its disk is snapshotted, cloned and grown', async () => {
  const before = await write(4);
  const taken = await esx02.keyed(diskCalls.createSnapshot, {
    ...{ vm, name: 'before', description: '', quiesce: false },
  });
  follow(taken);
  const after = await write(4);
  expect(after).not.toBe(before);
  const copy = cloneSpec();
  await esx02.keyed(diskCalls.cloneVm, {
    ...{ source: vm, snapshotId: taken.snapshotId, target: copy },
    ...{ linked: false, provisioning: 'thin' as const },
  });
  await moveTo(esx02, esx01);
  expect(await read(4)).toBe(after);
  const { snapshotId } = taken;
  follow(await esx01.keyed(diskCalls.removeSnapshot, { vm, snapshotId, removeChildren: false }));
  expect(await read(4)).toBe(after);
  const capacityBytes = DISK_BYTES + 32 * MIB;
  follow(await esx01.keyed(diskCalls.growDisk, { vm, diskKey: 2000, capacityBytes }));
  await restartGuest();
  expect(await guest.run('cat /sys/block/vda/size')).toBe(`${capacityBytes / 512}`);
  expect(await read(4)).toBe(after);
  await guest.powerOff();
  const { nbdPort } = await esx01.keyed(calls.powerOnVm, { vm: copy });
  guest = await Guest.boot(folder, `nbd://127.0.0.1:${nbdPort}/scsi0:0`);
  expect(await read(4)).toBe(before);
});

function cloneSpec(): calls.VmRunSpec {
  const { vmId, name, instanceUuid, vmxPath } = testVm(2);
  const disks = vm.disks.map((disk) => ({ ...disk, path: `${name}/${name}.vmdk` }));
  return { ...vm, vmId, name, instanceUuid, vmxPath, disks, nbdPort: 0 };
}
