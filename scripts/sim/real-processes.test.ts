// A handful of the simulator's recipes with real worlds: their processes are killed with SIGKILL,
// stopped and woken, and handed over, while the simulator's workloads run over NBD. What a recipe
// does to clocks, disks and hosts has no counterpart here.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drawRecipe, type RecipeEvent } from '#host/sim/recipe.ts';
import { RegisterHistory } from '#host/sim/register-history.ts';
import { readAllRegisters, workOnRegisters } from '#host/sim/register-workload.ts';
import { RING_BYTES } from '#host/sim/ring-layout.ts';
import { Ring } from '#host/sim/ring-workload.ts';
import { SeededRandom } from '#host/sim/seeded-random.ts';
import type { WorldLaunch } from '#host/world/launch.ts';
import { clientOf, type HarnessDisk, WorldHarness } from '#host/world/world-harness.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { RealGuest } from './real-guest.ts';

/** Recipes whose events have a counterpart with real processes. */
const SEEDS = [11, 24, 37];
const KINDS = ['killWorld', 'pauseWorld', 'migrate'] as const;
const EVENTS = 5;
const PAUSE_MS_MAX = 1_500;

let harness: WorldHarness;
let disk: HarnessDisk;

beforeEach(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0);
});

afterEach(async () => {
  await harness.dispose();
});

/** The world of one VM, whatever process that is at the moment. */
class RealVm {
  launch: WorldLaunch | null = null;
  #pid = 0;
  handovers = 0;
  kills = 0;

  async start(): Promise<void> {
    const launch = await harness.makeLaunch([disk]);
    const { status } = await harness.start(launch);
    this.#pid = status.pid;
    this.launch = launch;
  }

  async act(event: RecipeEvent): Promise<void> {
    if (event.kind === 'pauseWorld') {
      process.kill(this.#pid, 'SIGSTOP');
      await sleep(systemClock, Math.min(event.forMs, PAUSE_MS_MAX));
      process.kill(this.#pid, 'SIGCONT');
    } else if (event.kind === 'migrate') await this.#migrate();
    else await this.#killAndStart();
  }

  async #killAndStart(): Promise<void> {
    this.launch = null;
    process.kill(this.#pid, 'SIGKILL');
    this.kills += 1;
    await this.start();
  }

  async #migrate(): Promise<void> {
    const source = this.launch;
    if (source === null) return;
    const next = await harness.makeLaunch([disk], [], true);
    await clientOf(source).handOver(await harness.ticket(next));
    await this.#follow(next);
  }

  async #follow(next: WorldLaunch): Promise<void> {
    this.#pid = (await clientOf(next).waitUntilReady()).pid;
    harness.adopt(this.#pid);
    this.launch = next;
    this.handovers += 1;
  }
}

function eventsOf(seed: number): RecipeEvent[] {
  const random = new SeededRandom(seed, 'real');
  const [model] = drawRecipe(seed).events;
  if (!model) throw new Error(`the seed ${seed} has no events`);
  return Array.from({ length: EVENTS }, (_, index) => ({
    ...model,
    kind: KINDS[(index + seed) % KINDS.length] ?? 'killWorld',
    forMs: Math.round(random.between(20, PAUSE_MS_MAX)),
    killAfter: null,
  }));
}

test.each(SEEDS)(
  'the recipe of seed %i, with real worlds',
  async (seed) => {
    const vm = new RealVm();
    await vm.start();
    let over = false;
    const isOver = (): boolean => over;
    const history = new RegisterHistory(200);
    const socketPath = (): string | null => vm.launch?.nbdSocketPath ?? null;
    const guest = (): RealGuest => new RealGuest({ socketPath, onDoubt: () => history.doubt() });
    const guests = [guest(), guest(), guest()];
    const [first = guest(), ...others] = guests;
    let values = 0;
    const clients = others.map((each, index) => ({
      guest: each,
      history,
      random: new SeededRandom(seed, `client ${index}`),
      offset: RING_BYTES,
      pauseMs: 2_500,
      isOver,
      nextValue: () => {
        values += 1;
        return values;
      },
    }));
    const state = { ringMade: false };
    const ring = new Ring({
      ...{ guest: first, random: new SeededRandom(seed, 'ring'), pauseMs: 1_500, isOver },
      state: () => state,
    });
    const working = Promise.all([ring.use(), ...clients.map((client) => workOnRegisters(client))]);
    for (const event of eventsOf(seed)) {
      await sleep(systemClock, 400);
      await vm.act(event);
    }
    over = true;
    await working;
    await ring.check();
    const [client] = clients;
    if (client) await readAllRegisters(client);
    for (const each of guests) each.close();
    expect(ring.transactions).toBeGreaterThan(0);
    expect(vm.kills).toBeGreaterThan(0);
    expect(vm.handovers).toBeGreaterThan(0);
  },
  120_000,
);
