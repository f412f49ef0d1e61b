// Operations on whole disks by real worlds that are killed with SIGKILL in the middle, while the
// simulator's workloads run over NBD: snapshots, merging, growing and storage migration. As after a
// crash of a host, the .vmx says whether an operation has happened.
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RegisterHistory } from '#host/sim/register-history.ts';
import { readAllRegisters, workOnRegisters } from '#host/sim/register-workload.ts';
import { RING_BYTES } from '#host/sim/ring-layout.ts';
import { Ring } from '#host/sim/ring-workload.ts';
import { SeededRandom } from '#host/sim/seeded-random.ts';
import type { WorldLaunch } from '#host/world/launch.ts';
import type { Operation } from '#host/world/operations/operation.ts';
import { clientOf, type HarnessDisk, WorldHarness } from '#host/world/world-harness.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { MIB } from '#lib/model/limits.ts';
import { RealGuest } from './real-guest.ts';

const SEEDS = [5, 17];
const DISK_BYTES = 4 * MIB;
const KINDS = ['snapshot', 'relocate', 'merge', 'grow', 'snapshot', 'relocate', 'merge'] as const;
type Kind = (typeof KINDS)[number];
const KILL_MS_MAX = 150;

let harness: WorldHarness;
let disk: HarnessDisk;

beforeEach(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0, DISK_BYTES);
});

afterEach(async () => {
  await harness.dispose();
});

/** What is asked for, and what the disk consists of when it has happened, the base first. */
interface Step {
  operation: Operation;
  layers: string[];
}

class RealVm {
  launch: WorldLaunch | null = null;
  done = 0;
  kills = 0;
  #pid = 0;
  #ended: Promise<void> = Promise.resolve();
  #layers = [disk.descriptorPath];
  #sizeBytes = DISK_BYTES;
  #names = 0;
  readonly #vmxPath = join(harness.directory, 'test.vmx');
  /** Resolves when the guests have learned that their connections are gone. */
  readonly #onKilled: () => Promise<void>;

  constructor(onKilled: () => Promise<void>) {
    this.#onKilled = onKilled;
  }

  async start(): Promise<void> {
    const descriptorPath = this.#layers.at(-1) ?? disk.descriptorPath;
    const launch = await harness.makeLaunch([{ ...disk, descriptorPath }]);
    const { status, child } = await harness.start(launch);
    this.#pid = status.pid;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
    });
    this.launch = launch;
  }

  /** Does it, or dies in the middle and goes on with what the .vmx says. */
  async act(kind: Kind, killAfterMs: number | null): Promise<void> {
    const step = await this.#plan(kind);
    if (step === null || this.launch === null) return;
    this.#names += 1;
    const mark = `operation-${this.#names}`;
    const vmx = `sluice.operation = "${mark}"\n`;
    const commit = { mark, vmxPath: this.#vmxPath, vmx, followUps: [] };
    const { operation } = step;
    const asked = clientOf(this.launch).operate({ mark, operation, commit });
    const outcome = asked.then(
      () => 'done',
      () => 'failed',
    );
    if (killAfterMs === null) expect(await outcome).toBe('done');
    else {
      await sleep(systemClock, killAfterMs);
      await this.#kill();
      await outcome;
    }
    const text = await readFile(this.#vmxPath, 'utf8').catch(() => '');
    if (text === vmx) {
      this.#layers = step.layers;
      this.done += 1;
    }
    if (killAfterMs !== null) await this.start();
  }

  async #kill(): Promise<void> {
    process.kill(this.#pid, 'SIGKILL');
    this.kills += 1;
    this.launch = null;
    await this.#ended;
    await this.#onKilled();
  }

  async #plan(kind: Kind): Promise<Step | null> {
    const { key } = disk;
    const running = this.#layers.at(-1) ?? '';
    const parentPath = this.#layers.at(-2);
    const number = this.#names + 1;
    if (kind === 'snapshot') {
      const descriptorPath = join(
        harness.directory,
        `disk0-${String(number).padStart(6, '0')}.vmdk`,
      );
      const disks = [{ key, descriptorPath }];
      const operation = { kind, quiesced: false, disks } as const;
      return { operation, layers: [...this.#layers, descriptorPath] };
    }
    if (kind === 'merge') {
      if (parentPath === undefined) return null;
      const places = { key, parentPath, childPath: running };
      const operation: Operation = { kind, ...places, running: true, grandchildren: [] };
      return { operation, layers: this.#layers.slice(0, -1) };
    }
    if (kind === 'grow') {
      if (parentPath !== undefined) return null;
      this.#sizeBytes += MIB;
      return { operation: { kind, key, capacityBytes: this.#sizeBytes }, layers: this.#layers };
    }
    const folder = join(harness.directory, `place-${number}`);
    await mkdir(folder);
    const moved = this.#layers.map((path) => join(folder, basename(path)));
    const layers = this.#layers.map((sourcePath, index) => ({
      ...{ sourcePath, targetPath: moved[index] ?? '', parentPath: moved[index - 1] ?? null },
      provisioning: 'thin' as const,
    }));
    return { operation: { kind, disks: [{ key, layers }] }, layers: moved };
  }
}

test.each(SEEDS)(
  'operations on disks, cut off with seed %i',
  async (seed) => {
    const random = new SeededRandom(seed, 'real operations');
    const history = new RegisterHistory(200);
    const guests: RealGuest[] = [];
    const vm = new RealVm(async () => {
      // What was answered before has arrived when the connection is known to be gone.
      await Promise.all(guests.map((guest) => guest.flush()));
      history.losePower();
    });
    await vm.start();
    let over = false;
    let values = 0;
    const isOver = (): boolean => over;
    const guest = (): RealGuest => {
      const made = new RealGuest({
        socketPath: () => vm.launch?.nbdSocketPath ?? null,
        onDoubt: () => history.doubt(),
      });
      guests.push(made);
      return made;
    };
    const clients = [0, 1].map((index) => ({
      ...{ guest: guest(), history, isOver, offset: RING_BYTES, pauseMs: 100 },
      random: new SeededRandom(seed, `client ${index}`),
      nextValue: () => {
        values += 1;
        return values;
      },
    }));
    const state = { ringMade: false };
    const ring = new Ring({
      ...{ guest: guest(), random: new SeededRandom(seed, 'ring'), pauseMs: 100, isOver },
      state: () => state,
    });
    const working = Promise.all([ring.use(), ...clients.map((client) => workOnRegisters(client))]);
    for (const [index, kind] of KINDS.entries()) {
      const killAfterMs = index % 2 === seed % 2 ? random.below(KILL_MS_MAX) : null;
      await Promise.race([vm.act(kind, killAfterMs), working]);
    }
    over = true;
    await working;
    await ring.check();
    const [client] = clients;
    if (client) await readAllRegisters(client);
    for (const each of guests) each.close();
    expect(ring.transactions).toBeGreaterThan(0);
    expect(vm.done).toBeGreaterThan(0);
    expect(vm.kills).toBeGreaterThan(0);
  },
  120_000,
);
