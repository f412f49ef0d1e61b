// The simulated hosts with their agents, a controller that is as thin as can be, and the worlds of
// the VMs. Agents keep their VMs running and start again what died; the controller says where a VM
// belongs and moves it when its host is lost.
import { assert } from '#lib/base/assert.ts';
import { Fault } from '#lib/model/fault.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { SimHost, SimMachine, type SimProcess } from './machine.ts';
import type { Storage } from './process-files.ts';
import type { Recipe } from './recipe.ts';
import type { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimWorld } from './world.ts';

const AGENT_TICK_MS = 300;
const CONTROLLER_TICK_MS = 500;
/** A host that does not answer for so long has its VMs started elsewhere. */
const FAILOVER_MS = 4_000;
const BACKOFF_MS_MAX = 3_000;

export interface SimVm {
  id: string;
  /** The truth of what it runs on, as the VM's files are for a real one. */
  descriptorPath: string;
  /** Redo logs that were ever made for it. */
  redoLogs: number;
  /** Where the controller has it. */
  home: SimHost;
  /** What it should have, and what it may have when a change was cut off. */
  filters: readonly (readonly WantedFilter[])[];
  poweredOn: boolean;
  /** Newest last; those that are dead are dropped. */
  worlds: SimWorld[];
  /** The one that had the disk last. */
  holder: SimWorld | null;
}

export interface FleetParts {
  schedule: Schedule;
  storage: Storage;
  recipe: Recipe;
  /** A VM's process is gone, and with it what it had not flushed out of its own memory. */
  onLost(vm: SimVm): void;
  /** Something that must never happen has. */
  onWrong(message: string): void;
}

interface Agent {
  process: SimProcess | null;
  attempts: Map<SimVm, { failures: number; nextAt: number }>;
  /** Since when the controller cannot reach it. */
  lostSince: number | null;
}

export class Fleet {
  readonly hosts: SimHost[];
  readonly vms: SimVm[] = [];
  /** Counts, for the report. */
  readonly counts = { opened: 0, refused: 0, moved: 0, movesFailed: 0, failovers: 0 };
  readonly #parts: FleetParts;
  readonly #agents = new Map<SimHost, Agent>();
  readonly #random: SeededRandom;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    const { recipe, schedule } = parts;
    this.#random = new SeededRandom(recipe.seed, 'fleet');
    const shared = new SimMachine('lab');
    this.hosts = Array.from({ length: recipe.hosts }, (_, index) => {
      const name = `esx0${index + 1}`;
      const machine = recipe.oneMachine ? shared : new SimMachine(name);
      // Clocks on one machine are one clock.
      const rate = recipe.oneMachine ? 1 : this.#random.between(0.999, 1.001);
      return new SimHost(name, { schedule, machine, rate });
    });
    for (const host of this.hosts) {
      this.#agents.set(host, { process: null, attempts: new Map(), lostSince: null });
    }
  }

  start(): void {
    for (const host of this.hosts) this.startAgent(host);
    this.#superviseHosts();
  }

  addVm(id: string, descriptorPath: string, filters: readonly WantedFilter[]): SimVm {
    const home = this.#random.pick(this.hosts);
    const vm: SimVm = {
      id,
      descriptorPath,
      redoLogs: 0,
      home,
      filters: [filters],
      poweredOn: true,
      worlds: [],
      holder: null,
    };
    this.vms.push(vm);
    return vm;
  }

  /** The VM's world that serves and is where it belongs, or else any that serves. */
  worldOf(vm: SimVm): SimWorld | null {
    const serving = vm.worlds.filter((world) => world.isServing);
    return serving.findLast(({ process }) => process.host === vm.home) ?? serving.at(-1) ?? null;
  }

  startAgent(host: SimHost): void {
    const agent = this.#agentOf(host);
    if (!host.isUp || agent.process?.alive) return;
    const process = host.spawn();
    agent.process = process;
    const tick = (): void => {
      this.#keepRunning(host, agent);
      process.clock.after(AGENT_TICK_MS, tick);
    };
    process.clock.after(this.#random.between(0, AGENT_TICK_MS), tick);
  }

  killAgent(host: SimHost): void {
    this.#agentOf(host).process?.kill();
  }

  /** Moves a VM while it runs; null when there was nothing to move, or it cannot be asked for. */
  async migrate(vm: SimVm, to: SimHost): Promise<boolean | null> {
    const source = this.worldOf(vm);
    const wanted = vm.filters[0];
    if (source === null || wanted === undefined || source.busy || !to.isUp) return null;
    if (source.process.host === to || !this.#isReachable(to)) return null;
    if (!this.#isReachable(source.process.host)) return null;
    try {
      await source.handOver(this.makeWorld(vm, to), wanted);
      this.counts.moved += 1;
      return true;
    } catch (thrown) {
      this.counts.movesFailed += 1;
      // A source that could not take its disk back ends, as host/world does.
      const runsOn = thrown instanceof Fault && thrown.fault === 'MigrationFault';
      if (runsOn) vm.holder = source;
      else source.process.kill();
      return false;
    }
  }

  makeWorld(vm: SimVm, host: SimHost): SimWorld {
    const { storage, onWrong, recipe } = this.#parts;
    const process = host.spawn();
    const world = new SimWorld({
      vmId: vm.id,
      descriptorPath: vm.descriptorPath,
      process,
      storage,
      random: new SeededRandom(recipe.seed, `${vm.id} ${process.pid}`),
      onOpened: (path) => {
        vm.holder = world;
        // A snapshot was made while it waited for the lock: it has opened what is frozen now.
        if (path !== vm.descriptorPath) process.kill();
        this.counts.opened += 1;
      },
      onServing: () => {
        // Where it runs is where it belongs: a handover is over with this.
        if (vm.home.isUp && this.#isReachable(host)) vm.home = host;
      },
      onFilterFault: (message) => onWrong(`a filter failed: ${message}`),
    });
    process.onEnd(() => {
      if (!world.endsWell && vm.redoLogs > 0) this.#parts.onLost(vm);
    });
    vm.worlds = [...vm.worlds.filter(({ alive }) => alive), world];
    return world;
  }

  /** Bytes of a disk have changed: only the last that opened it may have done that. */
  judgeWriter(path: string, process: SimProcess): void {
    const vm = this.vms.find(({ descriptorPath }) => sameFolder(descriptorPath, path));
    const holder = vm?.holder;
    if (!vm || !holder || holder.process === process) return;
    const order = (wanted: SimProcess): number =>
      vm.worlds.findIndex((world) => world.process === wanted);
    // One that is opening it, and has its lock, may write already.
    if (order(process) > order(holder.process)) return;
    const message =
      `${process.host.name} wrote to ${path} after ` +
      `${holder.process.host.name} had taken it over`;
    this.#parts.onWrong(message);
  }

  #agentOf(host: SimHost): Agent {
    const agent = this.#agents.get(host);
    assert(agent !== undefined, 'every host has an agent');
    return agent;
  }

  #isReachable(host: SimHost): boolean {
    const { process } = this.#agentOf(host);
    return host.isUp && !host.unreachable && process?.alive === true;
  }

  #keepRunning(host: SimHost, agent: Agent): void {
    for (const vm of this.vms) {
      const here = vm.worlds.filter(({ alive, process }) => alive && process.host === host);
      if (vm.home !== host || !vm.poweredOn) {
        // The controller says that the VM is another's, or off.
        if (!host.unreachable) this.#endAll(here);
      } else if (here.length === 0) this.#tryToStart(vm, host, agent);
    }
  }

  /** One that takes part in a handover is left alone. */
  #endAll(worlds: readonly SimWorld[]): void {
    for (const world of worlds) {
      if (world.busy || !world.isServing) continue;
      void world.stop().catch(() => world.process.kill());
    }
  }

  #tryToStart(vm: SimVm, host: SimHost, agent: Agent): void {
    const { schedule } = this.#parts;
    const attempt = agent.attempts.get(vm) ?? { failures: 0, nextAt: 0 };
    if (schedule.now < attempt.nextAt) return;
    const world = this.makeWorld(vm, host);
    // After a change of filters that was cut off the descriptor tells which of them it is.
    const wanted = vm.filters[attempt.failures % vm.filters.length] ?? [];
    const failed = (): void => {
      this.counts.refused += 1;
      const failures = attempt.failures + 1;
      const nextAt = schedule.now + Math.min(500 * failures, BACKOFF_MS_MAX);
      agent.attempts.set(vm, { failures, nextAt });
      world.process.kill();
    };
    void world.open(wanted).then(() => agent.attempts.delete(vm), failed);
  }

  #superviseHosts(): void {
    const { schedule, recipe } = this.#parts;
    for (const host of this.hosts) {
      const agent = this.#agentOf(host);
      if (this.#isReachable(host)) agent.lostSince = null;
      else agent.lostSince ??= schedule.now;
    }
    if (recipe.failsOver) for (const vm of this.vms) this.#failOver(vm);
    schedule.after(CONTROLLER_TICK_MS, () => this.#superviseHosts());
  }

  #failOver(vm: SimVm): void {
    const { schedule } = this.#parts;
    const { lostSince } = this.#agentOf(vm.home);
    if (lostSince === null || schedule.now - lostSince < FAILOVER_MS) return;
    const others = this.hosts.filter((host) => this.#isReachable(host));
    if (others.length === 0) return;
    vm.home = this.#random.pick(others);
    this.counts.failovers += 1;
  }
}

function sameFolder(a: string, b: string): boolean {
  return a.slice(0, a.lastIndexOf('/')) === b.slice(0, b.lastIndexOf('/'));
}
