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
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { Fault } from '#lib/model/fault.ts';
import { KIB } from '#lib/model/limits.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { TestClient } from '../../../nbd/test-client.ts';
import { haveTools, mustRun } from '../../../world/test-peers.ts';
import { eventually, type TestAgent, TestLab, testVm } from '../../test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 580_000, hookTimeout: 180_000 });

const ROUNDS = 12;
const SLOTS = 64;
const SLOT_BYTES = 16 * KIB;
/** Between slots, so that they lie in different grain tables. */
const STRIDE = 1000 * KIB;
const FUA = 1;

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

/** What each place on the disk may hold: the last value acknowledged, or one that was under way. */
class Registers {
  readonly acknowledged = new Array<number>(SLOTS).fill(0);
  readonly pending = new Map<number, number>();
  #next = 1;
  #stop = false;
  #workers: Promise<void>[] = [];

  start(client: TestClient): void {
    this.#stop = false;
    this.#workers = [0, 1, 2, 3].map((worker) => this.#write(client, worker));
  }

  /** Ends the writers; a connection that broke has ended them already. */
  async end(): Promise<void> {
    this.#stop = true;
    await Promise.all(this.#workers);
  }

  async verify(client: TestClient): Promise<void> {
    for (let slot = 0; slot < SLOTS; slot++) {
      const request = { command: COMMANDS.read, offset: slot * STRIDE, length: SLOT_BYTES };
      const { error, data } = await client.request(request);
      expect(error).toBe(0);
      const allowed = [this.acknowledged[slot], this.pending.get(slot)];
      const found = new Set<number>();
      for (let at = 0; at < SLOT_BYTES; at += 512) found.add(data.readUInt32LE(at));
      for (const value of found) expect(allowed, `slot ${slot}`).toContain(value);
      // What is torn may stay so; who reads it once reads it for ever.
      const [only] = found;
      if (found.size === 1 && only !== undefined) this.#settle(slot, only);
    }
  }

  #settle(slot: number, value: number): void {
    this.acknowledged[slot] = value;
    this.pending.delete(slot);
  }

  async #write(client: TestClient, worker: number): Promise<void> {
    for (let slot = worker; !this.#stop; slot = (slot + 4) % SLOTS) {
      const value = this.#next++;
      const data = Buffer.alloc(SLOT_BYTES);
      for (let at = 0; at < SLOT_BYTES; at += 4) data.writeUInt32LE(value, at);
      // A slot that is torn since a crash must not get a third value before one of them counts.
      if (this.pending.has(slot)) continue;
      this.pending.set(slot, value);
      const request = { command: COMMANDS.write, offset: slot * STRIDE, flags: FUA, data };
      const reply = await client.request(request).catch(() => null);
      if (reply === null) return;
      expect(reply.error).toBe(0);
      this.#settle(slot, value);
    }
  }
}

function connect(): Promise<TestClient> {
  return eventually(() =>
    TestClient.connect({ host: '127.0.0.1', port }, { structured: false }).catch(() => null),
  );
}

type Victim = 'agent' | 'world' | 'both';

async function kill(victim: Victim): Promise<void> {
  const { pid } = (await esx01.world('vm-1')) ?? {};
  if (victim !== 'world') await esx01.end('SIGKILL');
  if (victim === 'agent' || !pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was between two lives.
  }
}

type Ask = (operationKey: string) => Promise<unknown>;

/** Asks again by the same key; when the operation was taken back, by others until it is done. */
async function askUntilDone(ask: Ask, key: string): Promise<string[]> {
  const answers: string[] = [];
  for (let attempt = 0; ; attempt++) {
    try {
      await ask(attempt === 0 ? key : `${key}-${attempt}`);
      return [...answers, 'done'];
    } catch (thrown) {
      // A world that was killed is on its way back; what else is wrong ends the test by its limit.
      if (!(thrown instanceof Fault)) throw thrown;
      answers.push(`${thrown.fault}: ${thrown.message}`);
      expect(['SystemError', 'InvalidState'], answers.join()).toContain(thrown.fault);
      await sleep(systemClock, 200);
    }
  }
}

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
  const files = found.filter((name) => !name.endsWith('.lck'));
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
      const client = await connect();
      registers.start(client);
      const cutOff = ask(`round-${round}`).catch(() => null);
      const victim = victims[round % victims.length] ?? 'both';
      const [early = 0] = systemRandom.bytes(1);
      await sleep(systemClock, early * 4);
      await kill(victim);
      await cutOff;
      await registers.end();
      client.close();
      if (!esx01.isRunning) await esx01.start();
      const answers = await askUntilDone(ask, `round-${round}`);
      const told = `round ${round}: ${what}, ${victim} after ${early * 4} ms, ${answers.join()}`;
      const { layout } = await esx01.call(diskCalls.readVmLayout, { vm: base });
      expectDone(layout);
      const again = await connect();
      await registers.verify(again);
      again.close();
      await expectWhole(layout, told);
    }
  },
);
