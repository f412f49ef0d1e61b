// The process of a simulated VM: the product's own world, with a simulated process, files and
// server below it, and calls between processes in place of its control socket.
import { assert } from '#lib/base/assert.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import type { Destination } from '../migration/hand-over.ts';
import type { HandoverState } from '../migration/handover-state.ts';
import type { TakeOver } from '../migration/take-over.ts';
import type { WorldLaunch } from '../world/launch.ts';
import type { OperateParams, OperationResult } from '../world/operations/operation.ts';
import { World } from '../world/world.ts';
import type { LoadFilters } from '../world/world-disks.ts';
import { ProcessFlash } from './around/sim-flash.ts';
import type { SimProcess } from './machine.ts';
import { callProcess } from './process-call.ts';
import { ProcessFiles, type Storage } from './process-files.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimServer } from './sim-server.ts';

export interface WorldParts {
  launch: WorldLaunch;
  process: SimProcess;
  storage: Storage;
  random: SeededRandom;
  loadFilters: LoadFilters;
  /** The world that waits at the place of a ticket. */
  findDestination(ticket: HandoverTicket): SimWorld;
  /** It has the locks of its disks. */
  onOpened(world: SimWorld): void;
  /** It can do no more I/O; its process lives on for a while. */
  onFaulted(world: SimWorld): void;
  /** It serves guests. */
  onServing(world: SimWorld): void;
}

export class SimWorld {
  readonly process: SimProcess;
  readonly world: World;
  readonly launch: WorldLaunch;
  readonly #parts: WorldParts;
  server: SimServer | null = null;
  /** Everything was flushed, and this process is needed no more. */
  endsWell = false;
  /** A source has begun to hand over to it. */
  asked = false;
  /** It was told what it takes over. */
  activated = false;
  /** What it has acknowledged may not be in its files. */
  #leavesLoss = false;
  #takeOver: TakeOver | null = null;

  constructor(parts: WorldParts) {
    const { launch, process, storage, random, loadFilters, findDestination } = parts;
    this.#parts = parts;
    this.process = process;
    this.launch = launch;
    this.world = new World({
      ...{ launch, random, loadFilters },
      clock: process.clock,
      files: new ProcessFiles(storage, process),
      flash: new ProcessFlash(process, storage.random),
      processes: process.table,
      pid: process.pid,
      environment: {},
      makeServer: (exports) => {
        this.server = new SimServer(process, exports);
        // One that serves asks first whether the disks are still the VM's.
        const asks = launch.serves && !launch.incoming;
        if (exports.length > 0 && !asks) parts.onOpened(this);
        return this.server;
      },
      startDestination: (ticket) => new SimDestination(this, findDestination(ticket)),
      resources: () => ({ cpuMicroseconds: 0, residentBytes: 0 }),
      log: (level, message) => {
        if (level === 'error' && message.startsWith('The last flush')) this.#leavesLoss = true;
      },
      onFaulted: () => {
        this.#leavesLoss = true;
        parts.onFaulted(this);
        this.#endSoon(FAULTED_MS);
      },
    });
  }

  get alive(): boolean {
    return this.process.alive;
  }

  get isServing(): boolean {
    const { state } = this.world;
    const serves = state === 'running' || state === 'migratingOut';
    return this.alive && this.launch.serves && serves && this.server?.isOpen === true;
  }

  /** Opens the disks. Rejects as `World.open` does, and then ends. */
  async open(): Promise<void> {
    try {
      await this.world.open();
    } catch (thrown) {
      this.world.fail(thrown);
      throw thrown;
    }
    if (!this.launch.serves) return;
    this.#parts.onOpened(this);
    this.#parts.onServing(this);
  }

  /** One that has suspended its VM ends by itself when nobody tells it to. */
  async operate(params: OperateParams): Promise<OperationResult> {
    const result = await this.world.operate(params);
    if (params.operation.kind === 'suspend') {
      this.process.clock.after(SUSPENDED_MS, () => void this.stop());
    }
    return result;
  }

  /** Flushes and ends. */
  async stop(): Promise<void> {
    await this.world.stop();
    this.endsWell = !this.#leavesLoss;
    this.#endSoon();
  }

  /** Rejects with `MigrationFault` when the VM runs on here; else this world ends. */
  async handOver(ticket: HandoverTicket): Promise<number> {
    const { pauseMs } = await this.world.handOver(ticket);
    this.endsWell = true;
    this.#endSoon();
    return pauseMs;
  }

  async takeOver(): Promise<TakeOver> {
    this.#takeOver ??= await this.world.waitForHandover();
    return this.#takeOver;
  }

  /** The destination goes on: what came here and was not begun is its own. */
  goOn(source: SimWorld): void {
    assert(this.#takeOver !== null && this.server !== null, 'it was activated');
    if (source.server !== null) this.server.takeFrom(source.server);
    this.#takeOver.goOn();
    this.#parts.onServing(this);
  }

  /** Its source has ended: it goes on if it can, and else it is of no use. */
  sourceGone(): void {
    if (!this.activated) this.process.kill();
    else this.#takeOver?.sourceGone();
  }

  /** The last answer is still given. */
  #endSoon(afterMs = 0): void {
    this.process.run(this.process.localNow + afterMs, () => this.process.kill());
  }
}

/** As host/world/world-main.ts has them: one that cannot go on stays for the agent to ask why. */
const FAULTED_MS = 5_000;
const SUSPENDED_MS = 10_000;

/** Longest answers of the destination, as in host/migration/spawn-destination.ts. */
const ACTIVATE_MS = 20_000;
const GO_ON_MS = 5_000;

class SimDestination implements Destination {
  readonly #source: SimWorld;
  readonly #world: SimWorld;

  constructor(source: SimWorld, world: SimWorld) {
    this.#source = source;
    this.#world = world;
    world.asked = true;
    source.process.onEnd(() => {
      world.process.run(world.process.localNow, () => world.sourceGone());
    });
  }

  async ready(): Promise<void> {
    await this.#ask(ACTIVATE_MS, () => this.#world.takeOver());
  }

  activate(state: HandoverState): Promise<void> {
    return this.#ask(ACTIVATE_MS, async () => {
      const takeOver = await this.#world.takeOver();
      this.#world.activated = true;
      await takeOver.activate(state).catch((thrown: unknown) => {
        this.#world.world.fail(thrown);
        throw thrown;
      });
    });
  }

  goOn(): Promise<void> {
    return this.#ask(GO_ON_MS, () => {
      this.#world.goOn(this.#source);
      return Promise.resolve();
    });
  }

  async kill(): Promise<void> {
    const { process } = this.#world;
    process.kill();
    const { clock } = this.#source.process;
    while (!process.isGone) await new Promise<void>((resolve) => clock.after(5, resolve));
  }

  detach(): void {
    // It is its own process already.
  }

  #ask<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    const { process: from } = this.#source;
    return callProcess({ from, to: this.#world.process, limitMs }, work);
  }
}
