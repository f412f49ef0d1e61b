// Kills the agent, the world, or both at random moments while snapshots come and go, and the disk
// moves to another datastore, under a client that writes. Afterwards all that was acknowledged is
// there, qemu-img accepts the chain, the call that was cut off ends well when it is asked again,
// and no file is left over.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { haveTools, mustRun } from '../../../../world/test-peers.ts';
import { type TestAgent, TestLab, testVm } from '../../../test-agents.ts';
import { type Ask, askUntilDone, connectTo, kill, Registers, type Victim } from './test-crashes.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 580_000, hookTimeout: 180_000 });

const ROUNDS = 12;

const lab = new TestLab();
const base = testVm(1);
let esx01: TestAgent;
let port = 0;

beforeAll(async () => {
  await lab.openDepot();
  esx01 = await lab.addHost(1);
  const datastores = ['ds1', 'ds2'].map((name, index) => ({
    ...{ id: `datastore-${index + 1}`, name, type: 'VMFS' as const },
    path: join(lab.folder, name),
  }));
  await esx01.call(calls.configure, { hostId: 'host-1', name: 'esx01', datastores });
  await esx01.keyed(calls.createVm, { vm: base, contents: [] });
  port = (await esx01.keyed(calls.powerOnVm, { vm: base })).nbdPort;
});

afterAll(() => lab.close());

async function expectWhole(layout: diskCalls.VmLayout, what: string): Promise<void> {
  const needed = new Set(['ds1/web01/web01.vmx', 'ds1/web01/web01.vmsd']);
  for (const disk of [...layout.disks, ...layout.snapshots.flatMap(({ disks }) => disks)]) {
    const path = pathOf(disk);
    const extent = /-\d{6}\.vmdk$/.test(path) ? '-delta.vmdk' : '-flat.vmdk';
    needed.add(path).add(path.replace(/\.vmdk$/, extent));
  }
  const found = ['ds1/web01', 'ds2/web01'].flatMap((folder) => {
    const full = join(lab.folder, folder);
    return existsSync(full) ? readdirSync(full).map((name) => `${folder}/${name}`) : [];
  });
  // A spare is a reserve that may be missing.
  const files = found.filter((name) => !/(\.lck|~)$/.test(name));
  expect(files.sort(), what).toEqual([...needed].sort());
  const [top] = layout.disks;
  if (!top || !/-\d{6}\.vmdk$/.test(top.path)) return;
  await mustRun('qemu-img', ['check', '-U', '-f', 'vmdk', join(lab.folder, pathOf(top))]);
}

function pathOf({ datastoreId, path }: { datastoreId: string; path: string }): string {
  return `${datastoreId === 'datastore-2' ? 'ds2' : 'ds1'}/${path}`;
}

interface Plan {
  what: string;
  ask: Ask;
  /** What must be so when it is done. */
  expectDone(layout: diskCalls.VmLayout): void;
}

function planOf(round: number, before: diskCalls.VmLayout): Plan {
  const vm = { ...base, disks: before.disks };
  const [first] = before.snapshots;
  const [disk] = before.disks;
  if (round % 4 === 3 && disk) {
    const datastoreId = disk.datastoreId === 'datastore-1' ? 'datastore-2' : 'datastore-1';
    const to = { key: disk.key, datastoreId, path: 'web01/web01.vmdk' };
    const disks = [{ ...to, provisioning: 'thin' as const }];
    return {
      what: `relocate to ${datastoreId}`,
      ask: (operationKey) =>
        esx01.call(diskCalls.relocateVm, { operationKey, vm, home: null, disks }),
      expectDone: (layout) => expect(layout.disks[0]?.datastoreId).toBe(datastoreId),
    };
  }
  const count = before.snapshots.length;
  if (first === undefined || count < 2 + (round % 2)) {
    const args = { vm, name: `round ${round}`, description: '', quiesce: false };
    return {
      what: 'create',
      ask: (operationKey) => esx01.call(diskCalls.createSnapshot, { operationKey, ...args }),
      expectDone: ({ snapshots }) => expect(snapshots.length).toBe(count + 1),
    };
  }
  const args = { vm, snapshotId: first.id, removeChildren: false };
  return {
    what: 'remove',
    ask: (operationKey) => esx01.call(diskCalls.removeSnapshot, { operationKey, ...args }),
    expectDone: ({ snapshots }) => expect(snapshots.length).toBe(count - 1),
  };
}

test.skipIf(!haveTools('qemu-img'))(
  'killed at any moment, nothing is lost or left over',
  async () => {
    const registers = new Registers();
    const victims: Victim[] = ['agent', 'world', 'both'];
    for (let round = 0; round < ROUNDS; round++) {
      const before = (await esx01.call(diskCalls.readVmLayout, { vm: base })).layout;
      const { what, ask, expectDone } = planOf(round, before);
      const client = await connectTo(port);
      registers.start(client);
      const cutOff = ask(`round-${round}`).catch(() => null);
      const victim = victims[round % victims.length] ?? 'both';
      const [early = 0] = systemRandom.bytes(1);
      await sleep(systemClock, early * 4);
      await kill(esx01, 'vm-1', victim);
      await cutOff;
      await registers.end();
      client.close();
      if (!esx01.isRunning) await esx01.start();
      const answers = await askUntilDone(ask, `round-${round}`);
      const told = `round ${round}: ${what}, ${victim} after ${early * 4} ms, ${answers.join()}`;
      const { layout } = await esx01.call(diskCalls.readVmLayout, { vm: base });
      expectDone(layout);
      const again = await connectTo(port);
      await registers.verify(again);
      again.close();
      await expectWhole(layout, told);
    }
  },
);
