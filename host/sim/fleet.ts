// The simulated hosts with their agents, a controller that is as thin as can be, and the worlds of
// the VMs. Agents keep their VMs running and start again what died; the controller says where a VM
// belongs and moves it when its host is lost.
import { assert } from '#lib/base/assert.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { HostFacts } from '#lib/rules/facts.ts';
import { judgeMigration, judgePlacement } from '#lib/rules/placement.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { VmRecord } from '../agent/vm/vm-record.ts';
import { VmKeys } from '../agent/vm-keys.ts';
import type { WorldStatus } from '../world/control.ts';
import type { LoadFilters } from '../world/world-disks.ts';
import { SimAgent, type SimRunner } from './agent.ts';
import type { SimKeyProvider } from './around/sim-keys.ts';
import { hostFacts, vmFacts } from './facts.ts';
import { SimHost, SimMachine, type SimProcess } from './machine.ts';
import { callProcess } from './process-call.ts';
import { ProcessFiles, type Storage } from './process-files.ts';
import type { Recipe } from './recipe.ts';
import type { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { operatingHost } from './sim-datastores.ts';
import type { VmFiles } from './vm-files.ts';
import { SimWorld } from './world.ts';

const AGENT_TICK_MS = 300;
const CONTROLLER_TICK_MS = 500;
/** A host that does not answer for so long has its VMs started elsewhere. */
const FAILOVER_MS = 4_000;
/** As long as the longest operation: what ends a call is the end of the agent. */
const CALL_LIMIT_MS = 3_600_000;

/** As the cache refuses a disk that lacks what was written to it. */
const DIRTY_ELSEWHERE = /lie on the virtual flash resource of the host (\w+)/;

const REFUSAL = /\((prepare|frozen)\)$/;

export interface SimVm {
  id: string;
  /** As the controller has it: paths of disks may be those of before the last operation. */
  spec: VmRunSpec;
  /** Where the controller has it, and what it should be. */
  home: SimHost;
  power: 'poweredOn' | 'poweredOff' | 'suspended';
  /** The controller has asked for something that is not done yet. */
  busy: boolean;
  /** Another VM builds on its snapshots, or it builds on another's. */
  linked: boolean;
  /** What its first disk should have, and what it may have when a change was cut off. */
  filters: readonly (readonly DiskFilter[])[];
  /** Capacity of its first disk, as the controller has it. */
  bootBytes: number;
  /** Disks that were ever added to it. */
  dataDisks: number;
  /** Where the disk is that was taken from it. */
  detached: { datastoreId: string; path: string } | null;
  /** Ways that starting it was tried. */
  starts: number;
  migrating: boolean;
  /** It was deleted, or is about to be. */
  gone: boolean;
  /** Newest last; those that are dead are dropped. */
  worlds: SimWorld[];
  /** The one that had the disks last. */
  holder: SimWorld | null;
}

export interface FleetParts {
  schedule: Schedule;
  storage: Storage;
  recipe: Recipe;
  files: VmFiles;
  loadFilters: LoadFilters;
  provider: SimKeyProvider;
  /** A VM's process is gone, and with it what it had not flushed out of its own memory. */
  onLost(vm: SimVm): void;
  /** Nothing that could make an operation fail has been done so far. */
  isSound(): boolean;
  /** Something that must never happen has. */
  onWrong(message: string): void;
}

interface HostState {
  agent: SimAgent | null;
  /** On the host's own disk. */
  records: Map<string, VmRecord>;
  /** Since when the controller cannot reach it. */
  lostSince: number | null;
}

export class Fleet {
  readonly hosts: SimHost[];
  readonly vms: SimVm[] = [];
  /** Counts, for the report. */
  readonly counts = { opened: 0, refused: 0, moved: 0, movesFailed: 0, failovers: 0, sentBack: 0 };
  /** Why the last migration failed. */
  lastFailure = '';
  readonly #parts: FleetParts;
  readonly #states = new Map<SimHost, HostState>();
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
      this.#states.set(host, { agent: null, records: new Map(), lostSince: null });
    }
  }

  start(): void {
    for (const host of this.hosts) this.startAgent(host);
    this.#control();
  }

  addVm(spec: VmRunSpec, bootBytes: number): SimVm {
    const [boot] = spec.disks;
    const home = this.#random.pick(this.hosts);
    const vm: SimVm = {
      ...{ id: spec.vmId, spec, home, power: 'poweredOn' },
      ...{ busy: false, migrating: false, gone: false, linked: false, worlds: [], holder: null },
      ...{ filters: [boot?.filters ?? []], bootBytes, dataDisks: 0, detached: null, starts: 0 },
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
    const state = this.#stateOf(host);
    if (!host.isUp || state.agent?.process.alive) return;
    const process = host.spawn();
    const agent = this.#makeAgent(host, process);
    state.agent = agent;
    const tick = (): void => {
      agent.tick();
      process.clock.after(AGENT_TICK_MS, tick);
    };
    process.clock.after(this.#random.between(0, AGENT_TICK_MS), tick);
  }

  killAgent(host: SimHost): void {
    this.#stateOf(host).agent?.process.kill();
  }

  /** The agent of a host, as long as the controller can reach it. */
  agentOf(host: SimHost): SimAgent | null {
    const { agent } = this.#stateOf(host);
    return host.isUp && !host.unreachable && agent?.process.alive ? agent : null;
  }

  /** Has the agent of a VM's host do something with it. Rejects when it cannot be reached. */
  async ask<T>(
    vm: SimVm,
    work: (runner: SimRunner, agent: SimAgent) => Promise<T>,
    host = vm.home,
  ): Promise<T | null> {
    const agent = this.agentOf(host);
    if (agent === null) return null;
    const call = { from: agent.process, to: agent.process, limitMs: CALL_LIMIT_MS };
    let lost = (): void => undefined;
    const gone = new Promise<null>((resolve) => {
      lost = () => resolve(null);
    });
    agent.process.onEnd(lost);
    const keys = this.#parts.provider.give([...vm.filters.flat()]);
    const answer = callProcess(call, async () => {
      if (keys.length > 0) agent.keys.put(vm.id, keys);
      return work(await agent.findOrAdd(vm.spec, 'here'), agent);
    });
    return Promise.race([answer, gone]);
  }

  /**
   * Moves a VM while it runs; resolves with how long its I/O stood still. Null when there was
   * nothing to move, or it cannot be asked for.
   */
  async migrate(vm: SimVm, to: SimHost): Promise<number | false | null> {
    const source = this.worldOf(vm);
    const from = vm.home;
    if (source === null || vm.busy || source.process.host !== from || from === to) return null;
    if (this.agentOf(to) === null || this.agentOf(from) === null) return null;
    // Until it is known which filters it has, no host can say whether it could take it.
    if (vm.filters.length > 1) return null;
    vm.busy = true;
    vm.migrating = true;
    let place: SimWorld | null = null;
    try {
      place = await this.ask(vm, (runner) => runner.prepareIncoming(vm.spec), to);
      const launch = { file: '', args: [], env: {} };
      const ticket = { vmId: vm.id, launch, controlSocketPath: '' };
      const pauseMs = place && (await this.ask(vm, (runner) => runner.handOver(ticket), from));
      if (pauseMs === null) return null;
      this.counts.moved += 1;
      return pauseMs;
    } catch (thrown) {
      this.counts.movesFailed += 1;
      this.lastFailure = String(thrown);
      // The agent hears of it a little later than the source goes on.
      if (place?.asked === true && place.alive && source.isServing)
        this.#parts.onWrong('a migration that failed has left a process');
      return false;
    } finally {
      void this.ask(vm, (runner) => runner.finishIncoming(), to).catch(() => undefined);
      vm.busy = false;
      vm.migrating = false;
    }
  }

  /** By the rules of the product, as far as the controller can see. */
  mayMove(vm: SimVm, to: SimHost): boolean {
    const source = this.#factsOf(vm, vm.home);
    return judgeMigration(vmFacts(vm), source, this.#factsOf(vm, to)).allowed;
  }

  /** Bytes of a disk have changed: only the last that opened it may have done that. */
  judgeWriter(path: string, process: SimProcess): void {
    const vm = this.vms.find(({ id }) => path.includes(`/${id}/`));
    const holder = vm?.holder;
    if (!vm || !holder || holder.process === process) return;
    if (!this.#parts.files.isInUse(path)) return;
    const order = (wanted: SimProcess): number =>
      vm.worlds.findIndex((world) => world.process === wanted);
    // An agent makes new disks, and one that is opening the disks, with their locks, may write.
    if (this.#isAgent(process) || order(process) > order(holder.process)) return;
    const message =
      `${process.host.name} wrote to ${path} after ` +
      `${holder.process.host.name} had taken it over`;
    this.#parts.onWrong(message);
  }

  #factsOf(vm: SimVm, host: SimHost): HostFacts {
    return hostFacts(host, { reachable: this.agentOf(host) !== null, spec: vm.spec });
  }

  #isAgent(process: SimProcess): boolean {
    return [...this.#states.values()].some(({ agent }) => agent?.process === process);
  }

  #stateOf(host: SimHost): HostState {
    const state = this.#states.get(host);
    assert(state !== undefined, 'every host has an agent');
    return state;
  }

  #makeAgent(host: SimHost, process: SimProcess): SimAgent {
    const { storage, recipe, files } = this.#parts;
    const random = new SeededRandom(recipe.seed, `agent ${host.name} ${process.pid}`);
    const { clock } = process;
    const disks = new ProcessFiles(storage, process);
    return new SimAgent({
      process,
      host: operatingHost({ name: host.name, clock, random, files: disks }),
      records: this.#stateOf(host).records,
      keys: new VmKeys(clock, random),
      spawnWorld: (vmId, launch) => this.#spawn(this.#vmOf(vmId), host, launch),
      worldsOf: (vmId) =>
        this.#vmOf(vmId).worlds.filter((world) => {
          return world.process.host === host && !world.process.isGone;
        }),
      onOperation: ({ mark, operation }) => files.begin(mark, operation),
      onOperated: (vmId) => files.seen(vmId),
      onStart: (vmId, failure) => {
        if (failure !== null) this.#refused(this.#vmOf(vmId), host, failure);
      },
    });
  }

  /** Data that lie on another host's flash can be had there alone: an administrator reads that. */
  #refused(vm: SimVm, host: SimHost, failure: unknown): void {
    this.counts.refused += 1;
    const name = DIRTY_ELSEWHERE.exec(String(failure))?.[1];
    const other = this.hosts.find((each) => each.name === name);
    if (other === undefined || vm.home !== host || vm.migrating) return;
    vm.home = other;
    this.counts.sentBack += 1;
  }

  #vmOf(vmId: string): SimVm {
    const vm = this.vms.find(({ id }) => id === vmId);
    assert(vm !== undefined, 'the VM is known');
    return vm;
  }

  #spawn(vm: SimVm, host: SimHost, launch: SimWorld['launch']): SimWorld {
    const { storage, recipe, loadFilters, files } = this.#parts;
    const process = host.spawn();
    const world = new SimWorld({
      ...{ launch, process, storage, loadFilters },
      random: new SeededRandom(recipe.seed, `${vm.id} ${host.name} ${process.pid}`),
      findDestination: () => {
        const waiting = vm.worlds.findLast(({ launch: { incoming }, alive }) => incoming && alive);
        assert(waiting !== undefined, 'a place was made for the VM');
        return waiting;
      },
      onOpened: (opened) => {
        // One that stands still, or has lost its locks, will never flush what it has in memory.
        const { holder } = vm;
        const isLost = holder?.alive === true && !opened.launch.incoming;
        if (isLost && files.hasRedoLogs(vm.id)) this.#parts.onLost(vm);
        vm.holder = opened;
        this.counts.opened += 1;
      },
      onFaulted: () => {
        if (files.hasRedoLogs(vm.id)) this.#parts.onLost(vm);
      },
      onServing: () => {
        files.seen(vm.id);
        // Where it runs is where it belongs: a handover is over with this.
        if (this.agentOf(host) !== null && vm.power === 'poweredOn') vm.home = host;
      },
    });
    process.onEnd(() => {
      const [fault] = world.world.status().filterFaults;
      // As long as storage or flash fail, a filter may refuse what is announced to it.
      const refuses = fault !== undefined && REFUSAL.test(fault.operation);
      const isWrong = fault !== undefined && (!refuses || this.#parts.isSound());
      if (isWrong) this.#parts.onWrong(failedFilter(fault));
      if (!world.endsWell && files.hasRedoLogs(vm.id)) this.#parts.onLost(vm);
    });
    vm.worlds = [...vm.worlds.filter((each) => !each.process.isGone), world];
    return world;
  }

  /** What the controller does again and again. */
  #control(): void {
    const { schedule, recipe } = this.#parts;
    for (const host of this.hosts) {
      const state = this.#stateOf(host);
      if (this.agentOf(host)) state.lostSince = null;
      else state.lostSince ??= schedule.now;
    }
    for (const vm of this.vms) {
      if (recipe.failsOver) this.#failOver(vm);
      if (!vm.migrating && !vm.gone) this.#putRight(vm);
    }
    schedule.after(CONTROLLER_TICK_MS, () => this.#control());
  }

  /** Tells every host that can be reached what it should have of the VM. */
  #putRight(vm: SimVm): void {
    for (const host of this.hosts) {
      const agent = this.agentOf(host);
      const runner = agent?.find(vm.id);
      if (!agent || runner?.isBusy) continue;
      const { desired, place } = runner?.record ?? { desired: null, place: 'here' };
      const isHome = host === vm.home;
      if (isHome && vm.power === 'poweredOn') {
        void this.ask(vm, (each) => each.powerOn(() => nextSpec(vm)), host).catch(() => undefined);
      } else if (desired === 'poweredOn' || (desired === 'suspended' && !isHome)) {
        if (vm.power !== 'suspended' || !isHome) {
          void this.ask(vm, (each) => each.powerOff(), host).catch(() => undefined);
        }
      } else if (runner && !isHome && place === 'incoming') {
        void this.ask(vm, (each) => each.powerOff(), host).catch(() => undefined);
      }
    }
  }

  #failOver(vm: SimVm): void {
    const { schedule } = this.#parts;
    const { lostSince } = this.#stateOf(vm.home);
    if (lostSince === null || schedule.now - lostSince < FAILOVER_MS) return;
    const facts = vmFacts(vm);
    const others = this.hosts.filter((host) => {
      return judgePlacement(facts, this.#factsOf(vm, host)).allowed;
    });
    if (others.length === 0) return;
    vm.home = this.#random.pick(others);
    this.counts.failovers += 1;
  }
}

function failedFilter({ filter, operation, message }: WorldStatus['filterFaults'][number]): string {
  return `a filter failed: ${filter} in ${operation}: ${message}`;
}

/** After a change of filters that was cut off each of them is tried. */
function nextSpec(vm: SimVm): VmRunSpec {
  const filters = vm.filters[vm.starts % vm.filters.length] ?? [];
  vm.starts += 1;
  const [boot, ...others] = vm.spec.disks;
  if (!boot) return vm.spec;
  return { ...vm.spec, disks: [{ ...boot, filters: [...filters] }, ...others] };
}
