// Does to a simulated fleet what the events of a recipe say.

import type { SimKeyProvider } from './around/sim-keys.ts';
import type { Fleet, SimVm } from './fleet.ts';
import type { SimHost } from './machine.ts';
import type { Storage } from './process-files.ts';
import type { EventKind, Recipe, RecipeEvent } from './recipe.ts';
import type { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import type { SimOperations } from './sim-operations.ts';
import { soundStorage } from './storage-faults.ts';

/** A host or machine that went down is back after a while, in milliseconds. */
const REBOOT_MS_MAX = 12_000;

export interface ChaosParts {
  recipe: Recipe;
  schedule: Schedule;
  storage: Storage;
  provider: SimKeyProvider;
  fleet: Fleet;
  operations: SimOperations;
  /** All hosts are down and nothing is in flight: what was not synced goes. */
  onPowerLost(): void;
  /** A host has lost what was not synced on its flash. */
  onFlashLost(host: SimHost): void;
}

/** Guests of their VM notice nothing but a pause. */
const CALM: readonly EventKind[] = [
  'migrate',
  'setFilters',
  'rekey',
  'snapshot',
  'removeSnapshot',
  'grow',
  'relocate',
  'attach',
];
/** They succeed as long as nothing was wrong. */
const OPERATIONS: readonly EventKind[] = [
  ...CALM,
  'powerCycle',
  'revert',
  'clone',
  'detach',
  'suspend',
  'reset',
  'destroy',
];

type Act = (event: RecipeEvent) => void | Promise<void>;

export class Chaos {
  readonly #parts: ChaosParts;
  readonly #random: SeededRandom;
  readonly #acts: Record<EventKind, Act>;
  #over = false;
  #underWay = 0;
  /** Counts, for the report: how often each kind was done. */
  readonly done = new Map<EventKind, number>();
  /** Nothing but operations has been asked of the fleet so far. */
  isSound = true;
  /** And none that a guest may notice. */
  isCalm = true;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
    this.#random = new SeededRandom(parts.recipe.seed, 'chaos');
    const { faults } = parts.storage;
    const { syncForgets } = parts.recipe;
    const { operations } = parts;
    this.#acts = {
      killWorld: (event) => this.#worldOf(event)?.process.kill(),
      pauseWorld: (event) => this.#worldOf(event)?.process.stop(event.forMs),
      killAgent: (event) => this.#killAgent(event),
      crashHost: (event) => this.#crashHost(event),
      losePower: ({ forMs }) => this.losePower(forMs),
      cutOff: (event) => this.#during(event, ['cutOff']),
      isolate: (event) => this.#during(event, ['unreachable']),
      partition: (event) => this.#during(event, ['cutOff', 'unreachable']),
      stall: (event) => this.#stall(event),
      stepClock: (event) => this.#stepClock(event),
      slowDisk: (event) => this.#set(event, { delayMs: slowness(event) }),
      readErrors: (event) => this.#set(event, { readErrors: event.severity / 2 }),
      writeErrors: (event) => this.#set(event, { writeErrors: event.severity / 2 }),
      syncErrors: (event) => this.#set(event, { syncErrors: event.severity, syncForgets }),
      slowHost: (event) => this.#hinder(event, { delayMs: slowness(event) }),
      lockErrors: (event) => this.#hinder(event, { smallFileErrors: event.severity / 2 }),
      lockOut: (event) => this.#lockOut(event, { smallFileErrors: 0.5 + event.severity / 2 }),
      // Renewals that take as long as a lease, and more than that.
      slowLock: (event) => this.#lockOut(event, { delayMs: 2_000 + 2_000 * event.severity }),
      fullDisk: (event) => this.#set(event, { full: true }),
      flashErrors: (event) => this.#failFlash(event),
      destroy: (event) => operations.destroy(this.#vmOf(event), event),
      rekey: (event) => operations.rekey(this.#vmOf(event), event),
      keysAway: (event) => this.#keepKeys(event),
      powerCycle: (event) => this.#powerCycle(event),
      migrate: (event) => operations.migrate(this.#vmOf(event), event),
      setFilters: (event) => operations.setFilters(this.#vmOf(event), event),
      snapshot: (event) => operations.snapshot(this.#vmOf(event), event),
      removeSnapshot: (event) => operations.removeSnapshot(this.#vmOf(event), event),
      revert: (event) => operations.revert(this.#vmOf(event), event),
      grow: (event) => operations.grow(this.#vmOf(event), event),
      relocate: (event) => operations.relocate(this.#vmOf(event), event),
      clone: (event) => operations.clone(this.#vmOf(event), event),
      attach: (event) => operations.attach(this.#vmOf(event), event),
      detach: (event) => operations.detach(this.#vmOf(event), event),
      suspend: (event) => operations.suspend(this.#vmOf(event), event),
      reset: (event) => operations.reset(this.#vmOf(event), event),
    };
    Object.assign(faults, soundStorage(parts.recipe.callMs));
  }

  start(): void {
    const { recipe, schedule } = this.#parts;
    for (const event of recipe.events) {
      schedule.at(event.at, () => {
        if (this.#over) return;
        this.done.set(event.kind, (this.done.get(event.kind) ?? 0) + 1);
        if (!OPERATIONS.includes(event.kind) || event.killAfter !== null) this.isSound = false;
        if (!CALM.includes(event.kind) || event.killAfter !== null) this.isCalm = false;
        this.#underWay += 1;
        void Promise.resolve(this.#acts[event.kind](event)).finally(() => {
          this.#underWay -= 1;
        });
      });
    }
  }

  /** No operation is under way. */
  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Everything is sound again, and stays so. */
  end(): void {
    const { fleet, storage, provider, recipe } = this.#parts;
    this.#over = true;
    provider.away = false;
    Object.assign(storage.faults, soundStorage(recipe.callMs));
    for (const host of fleet.hosts) {
      host.cutOff = false;
      host.unreachable = false;
      host.smallFileErrors = 0;
      host.delayMs = 0;
      host.flash.errors = 0;
      this.#boot(host);
    }
    for (const vm of fleet.vms.filter(({ gone }) => !gone)) {
      vm.power = 'poweredOn';
      // A disk that could not be flushed, or a log, answers no flush until it is opened anew.
      const failed = this.done.has('syncErrors') || this.done.has('flashErrors');
      if (failed) fleet.worldOf(vm)?.process.kill();
    }
  }

  #killAgent(event: RecipeEvent): void {
    const host = this.#hostOf(event);
    this.#parts.fleet.killAgent(host);
    this.#later(event.forMs, () => this.#parts.fleet.startAgent(host));
  }

  #crashHost(event: RecipeEvent): void {
    const host = this.#hostOf(event);
    const { oneMachine } = this.#parts.recipe;
    host.crash(!oneMachine);
    if (!oneMachine) host.machine.boots += 1;
    if (!oneMachine) this.#loseFlash(host);
    this.#later(Math.min(event.forMs, REBOOT_MS_MAX), () => this.#boot(host));
  }

  /** The datastore and all hosts go down at once. */
  losePower(forMs: number): void {
    if (this.#over) return;
    const { fleet, storage, recipe, schedule, onPowerLost } = this.#parts;
    for (const host of fleet.hosts) host.crash(true);
    for (const machine of new Set(fleet.hosts.map((host) => host.machine))) machine.boots += 1;
    for (const call of [...storage.inFlight]) call.cutShort();
    storage.volume.losePower(this.#random, recipe.kept);
    for (const host of fleet.hosts) host.flash.losePower(this.#random, recipe.kept);
    // Guests have to learn first that their connections are gone.
    schedule.after(0, onPowerLost);
    for (const host of fleet.hosts) {
      const downMs = this.#random.between(1, Math.min(forMs + 2, REBOOT_MS_MAX));
      this.#later(downMs, () => this.#boot(host));
    }
  }

  #loseFlash(host: SimHost): void {
    const { schedule, recipe, onFlashLost } = this.#parts;
    if (host.flash.files.size === 0) return;
    host.flash.losePower(this.#random, recipe.kept);
    schedule.after(0, () => onFlashLost(host));
  }

  #failFlash(event: RecipeEvent): void {
    const { flash } = this.#hostOf(event);
    flash.errors = event.severity > 0.7 ? 1 : event.severity / 4;
    this.#later(event.forMs, () => {
      flash.errors = 0;
    });
  }

  /** The key provider cannot be reached. */
  #keepKeys({ forMs }: RecipeEvent): void {
    const { provider } = this.#parts;
    provider.away = true;
    this.#later(forMs, () => {
      provider.away = false;
    });
  }

  #boot(host: SimHost): void {
    host.isUp = true;
    this.#parts.fleet.startAgent(host);
  }

  #stepClock(event: RecipeEvent): void {
    const host = this.#hostOf(event);
    host.wallOffsetMs += (event.severity - 0.5) * 2 * event.forMs * 1_000;
  }

  #powerCycle(event: RecipeEvent): void {
    const vm = this.#vmOf(event);
    if (vm.busy || vm.gone || vm.power !== 'poweredOn') return;
    vm.power = 'poweredOff';
    this.#later(Math.min(event.forMs, REBOOT_MS_MAX), () => {
      if (!vm.gone) vm.power = 'poweredOn';
    });
  }

  /** Sets what is wrong with the storage, and puts it back. */
  #set({ forMs }: RecipeEvent, wrong: Partial<Storage['faults']>): void {
    const { faults } = this.#parts.storage;
    Object.assign(faults, wrong);
    const sound = soundStorage(this.#parts.recipe.callMs);
    this.#later(forMs, () => {
      for (const name of Object.keys(wrong)) {
        Object.assign(
          faults,
          Object.fromEntries(Object.entries(sound).filter(([n]) => n === name)),
        );
      }
    });
  }

  /** Makes one host's calls fail or late for a while. */
  #hinder(event: RecipeEvent, how: Partial<Pick<SimHost, 'delayMs' | 'smallFileErrors'>>): void {
    const host = this.#hostOf(event);
    Object.assign(host, how);
    this.#later(event.forMs, () => Object.assign(host, { delayMs: 0, smallFileErrors: 0 }));
  }

  /** A host that hardly comes to its locks any more, while another is asked to take them over. */
  #lockOut(event: RecipeEvent, how: Partial<Pick<SimHost, 'delayMs' | 'smallFileErrors'>>): void {
    this.#hinder(event, how);
    this.#during(event, ['unreachable']);
  }

  #during(event: RecipeEvent, ways: readonly ('cutOff' | 'unreachable')[]): void {
    const host = this.#hostOf(event);
    for (const way of ways) host[way] = true;
    this.#later(event.forMs, () => {
      for (const way of ways) host[way] = false;
    });
  }

  /** A host stands still, and wakes as if nothing had been. */
  #stall(event: RecipeEvent): void {
    const host = this.#hostOf(event);
    for (const process of host.machine.processes) {
      if (process.host === host) process.stop(event.forMs);
    }
    this.#during(event, ['unreachable']);
  }

  #later(milliseconds: number, callback: () => void): void {
    this.#parts.schedule.after(milliseconds, () => {
      if (!this.#over) callback();
    });
  }

  #worldOf(event: RecipeEvent) {
    return this.#parts.fleet.worldOf(this.#vmOf(event));
  }

  #vmOf({ target }: Pick<RecipeEvent, 'target'>): SimVm {
    const { vms } = this.#parts.fleet;
    return nth(vms, target);
  }

  /** Mostly one that has a VM, for there is more to go wrong. */
  #hostOf({ target }: Pick<RecipeEvent, 'target'>): SimHost {
    if (target % 4 !== 0) return this.#vmOf({ target }).home;
    return nth(this.#parts.fleet.hosts, target / 4);
  }
}

/** Most are no worse than a busy disk, in milliseconds. */
function slowness({ severity }: RecipeEvent): number {
  return 4 ** (1 + 5 * severity);
}

function nth<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new RangeError('the list is empty');
  return found;
}
