// ext4 and XFS of a guest on our disks, while it writes and its disks are snapshotted, moved, grown
// and consolidated under it: whatever was synced is there, and their own checkers find no fault.
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { type TestAgent, TestLab, testVm } from '../agent/test-agents.ts';
import { haveTools, mustRun } from '../world/test-peers.ts';
import { BOOT_BYTES, canBootGuests, makeBootImage } from './test-boot-image.ts';
import { Guest } from './test-guest.ts';

// Software emulation on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 });

/** In the order of the disks behind the one that boots. XFS is not made smaller than 300 MiB. */
const SYSTEMS = [
  { name: 'ext4', device: '/dev/vdb', sizeMib: 64, make: ['-q', '-F'], check: ['-n', '-f'] },
  { name: 'xfs', device: '/dev/vdc', sizeMib: 320, make: ['-q', '-f'], check: ['-n', '-f'] },
] as const;
const CHECKERS = { ext4: 'fsck.ext4', xfs: 'xfs_repair' } as const;
const GROW_BYTES = 32 * MIB;

const tools = haveTools('nbdcopy', 'mkfs.ext4', 'fsck.ext4', 'mkfs.xfs', 'xfs_repair');
const ready = canBootGuests() && tools;
const lab = new TestLab();
let folder: string;
let esx01: TestAgent;
let esx02: TestAgent;
let host: TestAgent;
let vm: calls.VmRunSpec = { ...testVm(1), disks: [] };
let guest: Guest;

beforeAll(async () => {
  if (!ready) return;
  folder = await mkdtemp(join(tmpdir(), 'sluice-guest-'));
  await lab.openDepot();
  esx01 = await addHost(1);
  esx02 = await addHost(2);
  host = esx01;
  const sizes = [BOOT_BYTES, ...SYSTEMS.map(({ sizeMib }) => sizeMib * MIB)];
  const [first] = testVm(1).disks;
  const disks = sizes.flatMap((capacityBytes, index) => {
    const unit = `scsi0:${index}`;
    const path = `web01/web01_${index}.vmdk`;
    return first ? [{ ...first, key: 2000 + index, unit, path, capacityBytes }] : [];
  });
  vm = { ...testVm(1), disks };
  await host.keyed(calls.createVm, { vm, contents: [] });
  await powerOn();
  await mustRun('nbdcopy', [await makeBootImage(folder, ['xfs']), uriOf(0)]);
  for (const [index, { name, sizeMib, make }] of SYSTEMS.entries()) {
    const image = join(folder, name);
    await writeFile(image, '');
    await truncate(image, sizeMib * MIB);
    await mustRun(`mkfs.${name}`, [...make, image]);
    await mustRun('nbdcopy', [image, uriOf(index + 1)]);
  }
  guest = await boot();
});

afterAll(async () => {
  if (ready) await guest?.powerOff();
  await lab.close();
  if (ready) await rm(folder, { recursive: true, force: true });
});

/** With both datastores. */
async function addHost(number: number): Promise<TestAgent> {
  const agent = await lab.addHost(number);
  const datastores = ['ds1', 'ds2'].map((name, index) => ({
    ...{ id: `datastore-${index + 1}`, name, type: 'VMFS' as const },
    path: join(lab.folder, name),
  }));
  const hostId = `host-${number}`;
  await agent.call(calls.configure, { hostId, name: agent.name, datastores });
  return agent;
}

async function powerOn(): Promise<void> {
  const { nbdPort } = await host.keyed(calls.powerOnVm, { vm });
  vm = { ...vm, nbdPort };
}

function uriOf(index: number): string {
  return `nbd://127.0.0.1:${vm.nbdPort}/scsi0:${index}`;
}

/** Its file systems are mounted: what a crash has left is mended by their journals. */
async function boot(): Promise<Guest> {
  const booted = await Guest.boot(folder, ...vm.disks.map((_, index) => uriOf(index)));
  await booted.run('mkdir -p /tmp');
  for (const { name } of SYSTEMS) await booted.run(`mkdir -p /mnt/${name}`);
  await mount(booted);
  return booted;
}

async function mount(booted: Guest): Promise<void> {
  for (const { name, device } of SYSTEMS) {
    await booted.run(`mount -t ${name} ${device} /mnt/${name}`);
  }
}

/** Files that are made, written, synced and removed until `stopWriting`. */
async function startWriting(): Promise<void> {
  const write = (name: string): string =>
    `dd if=/dev/urandom of=/mnt/${name}/f$((i % 16)) bs=16k count=8 conv=fsync; ` +
    `rm -f /mnt/${name}/f$(((i + 5) % 16))`;
  const all = SYSTEMS.map(({ name }) => write(name)).join('; ');
  const loop = `i=0; while [ ! -e /tmp/stop ]; do i=$((i + 1)); ${all}; echo $i > /tmp/done; done`;
  await guest.run(`rm -f /tmp/stop /tmp/over /tmp/done; (${loop}; echo > /tmp/over) 2>/dev/null &`);
  await guest.run('while [ ! -e /tmp/done ]; do usleep 100000; done');
}

async function stopWriting(): Promise<void> {
  await guest.run('echo > /tmp/stop; while [ ! -e /tmp/over ]; do usleep 100000; done');
}

/** Runs an operation while the guest writes; then nothing may be lost or unsound. */
async function under(operation: () => Promise<void>): Promise<void> {
  await startWriting();
  const before = Number(await guest.run('cat /tmp/done'));
  await operation();
  await guest.run(`while [ $(cat /tmp/done) -le ${before} ]; do usleep 100000; done`);
  await stopWriting();
  await expectSound();
}

/** Read anew from the disks, and checked by the file systems' own tools from outside. */
async function expectSound(): Promise<void> {
  for (const { name } of SYSTEMS) {
    await guest.run(
      `cd /mnt/${name} && sha256sum f* > /tmp/${name} && cd / && umount /mnt/${name}`,
    );
  }
  for (const [index, { name, check }] of SYSTEMS.entries()) {
    const image = join(folder, `${name}.copy`);
    await mustRun('nbdcopy', [uriOf(index + 1), image]);
    await mustRun(CHECKERS[name], [...check, image]);
    await rm(image);
  }
  await mount(guest);
  for (const { name } of SYSTEMS) {
    await guest.run(`cd /mnt/${name} && sha256sum -c /tmp/${name} > /dev/null && cd /`);
  }
}

/** Synced before a snapshot is taken; returns the checksums. */
async function writeBase(text: string): Promise<string[]> {
  const sums: string[] = [];
  for (const { name } of SYSTEMS) {
    const base = `/mnt/${name}/base`;
    await guest.run(
      `(echo ${text}; dd if=/dev/urandom bs=64k count=16 2>/dev/null) > ${base}; sync`,
    );
    sums.push(await baseOf(name));
  }
  return sums;
}

function baseOf(name: string): Promise<string> {
  return guest.run(`sha256sum < /mnt/${name}/base`);
}

function follow({ layout }: { layout: diskCalls.VmLayout }): void {
  const { disks, datastoreId, vmxPath } = layout;
  vm = { ...vm, disks, datastoreId, vmxPath };
}

async function moveTo(next: TestAgent): Promise<void> {
  const ticket = await next.keyed(calls.prepareIncoming, { vm });
  const moved = await host.keyed(calls.migrateOut, { vmId: vm.vmId, ticket });
  expect(moved).toMatchObject({ connections: vm.disks.length });
  await next.keyed(calls.finishIncoming, { vmId: vm.vmId });
  host = next;
}

async function moveDisks(): Promise<void> {
  const disks = SYSTEMS.map(({ name }, index) => ({
    ...{ key: 2001 + index, datastoreId: 'datastore-2', path: `web01/${name}.vmdk` },
    provisioning: 'thin' as const,
  }));
  follow(await host.keyed(diskCalls.relocateVm, { vm, home: null, disks }));
}

async function grow(): Promise<void> {
  for (const [index, { sizeMib }] of SYSTEMS.entries()) {
    const capacityBytes = sizeMib * MIB + GROW_BYTES;
    follow(await host.keyed(diskCalls.growDisk, { vm, diskKey: 2001 + index, capacityBytes }));
  }
}

test.runIf(ready)(
  'ext4 and XFS stay sound through every operation under a writing guest',
  async () => {
    const sums = await writeBase('before the snapshot');
    let snapshotId = 0;
    await under(async () => {
      const args = { name: 'one', description: '', quiesce: false };
      const taken = await host.keyed(diskCalls.createSnapshot, { vm, ...args });
      follow(taken);
      snapshotId = taken.snapshotId;
    });
    await writeBase('after it');
    await under(() => moveTo(esx02));
    await under(moveDisks);

    // What the snapshot has kept is what a crash leaves: the guest was in the middle of writing.
    await guest.powerOff();
    await host.keyed(calls.powerOffVm, { vmId: vm.vmId });
    follow(await host.keyed(diskCalls.revertToSnapshot, { vm, snapshotId }));
    await powerOn();
    guest = await boot();
    for (const [index, { name }] of SYSTEMS.entries()) expect(await baseOf(name)).toBe(sums[index]);
    await expectSound();

    await under(async () => {
      follow(await host.keyed(diskCalls.removeSnapshot, { vm, snapshotId, removeChildren: false }));
    });
    await under(grow);
    for (const [index, { name }] of SYSTEMS.entries()) expect(await baseOf(name)).toBe(sums[index]);
  },
);
