// Does to a simulated fleet what the events of a recipe say.
import type { WantedFilter } from '../chain/change-filters.ts';
import type { Fleet, SimVm } from './fleet.ts';
import type { SimHost } from './machine.ts';
import type { Storage } from './process-files.ts';
import type { EventKind, Recipe, RecipeEvent } from './recipe.ts';
import type { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { soundStorage } from './storage-faults.ts';

/** A host or machine that went down is back after a while, in milliseconds. */
const REBOOT_MS_MAX = 12_000;

export interface ChaosParts {
  recipe: Recipe;
  schedule: Schedule;
  storage: Storage;
  fleet: Fleet;
  filterSets: readonly (readonly WantedFilter[])[];
  /** All hosts are down and nothing is in flight: what was not synced goes. */
  onPowerLost(): void;
  /** Something that must never happen has. */
  onWrong(message: string): void;
}

const OPERATIONS: readonly EventKind[] = ['migrate', 'powerCycle', 'setFilters', 'snapshot'];
/** On each other, of one disk. */
const REDO_LOGS_MAX = 6;

type Act = (event: RecipeEvent) => void;

export class Chaos {
  readonly #parts: ChaosParts;
  readonly #random: SeededRandom;
  readonly #acts: Record<EventKind, Act>;
  #over = false;
  /** Counts, for the report: how often each kind was done. */
  readonly done = new Map<EventKind, number>();
  /** Nothing but operations has been asked of the fleet so far. */
  #sound = true;

  constructor(parts: ChaosParts) {
    this.#parts = parts;
    this.#random = new SeededRandom(parts.recipe.seed, 'chaos');
    const { faults } = parts.storage;
    const { syncForgets } = parts.recipe;
    this.#acts = {
      killWorld: (event) => this.#worldOf(event)?.process.kill(),
      pauseWorld: (event) => this.#worldOf(event)?.process.stop(event.forMs),
      killAgent: (event) => this.#killAgent(event),
      crashHost: (event) => this.#crashHost(event),
      losePower: (event) => this.#losePower(event),
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
      slowLock: (event) => this.#lockOut(event, { delayMs: slowness(event) }),
      fullDisk: (event) => this.#set(event, { full: true }),
      migrate: (event) => this.#migrate(event),
      powerCycle: (event) => this.#powerCycle(event),
      setFilters: (event) => this.#setFilters(event),
      snapshot: (event) => this.#snapshot(event),
    };
    Object.assign(faults, soundStorage());
  }

  start(): void {
    const { recipe, schedule } = this.#parts;
    for (const event of recipe.events) {
      schedule.at(event.at, () => {
        if (this.#over) return;
        this.done.set(event.kind, (this.done.get(event.kind) ?? 0) + 1);
        if (!OPERATIONS.includes(event.kind) || event.killAfter !== null) this.#sound = false;
        this.#acts[event.kind](event);
      });
    }
  }

  /** Everything is sound again, and stays so. */
  end(): void {
    const { fleet, storage } = this.#parts;
    this.#over = true;
    Object.assign(storage.faults, soundStorage());
    for (const host of fleet.hosts) {
      host.cutOff = false;
      host.unreachable = false;
      host.smallFileErrors = 0;
      host.delayMs = 0;
      this.#boot(host);
    }
    for (const vm of fleet.vms) {
      vm.poweredOn = true;
      // A disk that could not be flushed answers no flush until the VM is started anew.
      if (this.done.has('syncErrors')) fleet.worldOf(vm)?.process.kill();
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
    this.#later(Math.min(event.forMs, REBOOT_MS_MAX), () => this.#boot(host));
  }

  /** The datastore and all hosts go down at once. */
  #losePower(event: RecipeEvent): void {
    const { fleet, storage, recipe, schedule, onPowerLost } = this.#parts;
    for (const host of fleet.hosts) host.crash(true);
    for (const machine of new Set(fleet.hosts.map((host) => host.machine))) machine.boots += 1;
    for (const call of [...storage.inFlight]) call.cutShort();
    storage.volume.losePower(this.#random, recipe.kept);
    // Guests have to learn first that their connections are gone.
    schedule.after(0, onPowerLost);
    for (const host of fleet.hosts) {
      const downMs = this.#random.between(1, Math.min(event.forMs + 2, REBOOT_MS_MAX));
      this.#later(downMs, () => this.#boot(host));
    }
  }

  #boot(host: SimHost): void {
    host.isUp = true;
    this.#parts.fleet.startAgent(host);
  }

  #stepClock(event: RecipeEvent): void {
    const host = this.#hostOf(event);
    host.wallOffsetMs += (event.severity - 0.5) * 2 * event.forMs * 1_000;
  }

  #migrate(event: RecipeEvent): void {
    const { fleet, schedule, onWrong } = this.#parts;
    const vm = this.#vmOf(event);
    const to = nth(fleet.hosts, Math.floor(event.severity * 64));
    const source = fleet.worldOf(vm);
    void fleet.migrate(vm, to).then((moved) => {
      if (moved === false && this.#sound) onWrong('a migration failed without a reason');
    });
    if (event.killAfter === null) return;
    schedule.afterEvents(event.killAfter, () => {
      const victim = event.forMs % 2 === 0 ? source : vm.worlds.at(-1);
      victim?.process.kill();
    });
  }

  #powerCycle(event: RecipeEvent): void {
    const vm = this.#vmOf(event);
    vm.poweredOn = false;
    this.#later(Math.min(event.forMs, REBOOT_MS_MAX), () => {
      vm.poweredOn = true;
    });
  }

  #setFilters(event: RecipeEvent): void {
    const { fleet, filterSets, schedule, onWrong } = this.#parts;
    const vm = this.#vmOf(event);
    const world = fleet.worldOf(vm);
    const wanted = filterSets[Math.floor(event.severity * filterSets.length)];
    const [before] = vm.filters;
    if (world === null || world.busy || wanted === undefined || before === undefined) return;
    if (vm.filters.length > 1) return;
    // Until it is known what became of it, either may be what the descriptor names.
    vm.filters = [wanted, before];
    void world.setFilters(wanted).then(
      () => {
        vm.filters = [wanted];
      },
      () => {
        if (this.#sound && world.alive) onWrong('a change of filters failed without a reason');
        world.process.kill();
      },
    );
    if (event.killAfter !== null) schedule.afterEvents(event.killAfter, () => world.process.kill());
  }

  #snapshot(event: RecipeEvent): void {
    const { fleet, schedule, onWrong } = this.#parts;
    const vm = this.#vmOf(event);
    const world = fleet.worldOf(vm);
    if (world === null || world.busy || vm.redoLogs >= REDO_LOGS_MAX) return;
    vm.redoLogs += 1;
    const path = vm.descriptorPath.replace(/(-\d{6})?\.vmdk$/, `-${name(vm.redoLogs)}.vmdk`);
    const commit = (): void => {
      vm.descriptorPath = path;
    };
    void world.snapshot(path, commit).catch((thrown: unknown) => {
      if (this.#sound && world.alive) onWrong(`a snapshot failed without a reason: ${thrown}`);
      // What has happened and could not be followed is followed by another world.
      if (vm.descriptorPath === path) world.process.kill();
    });
    if (event.killAfter !== null) schedule.afterEvents(event.killAfter, () => world.process.kill());
  }

  /** Sets what is wrong with the storage, and puts it back. */
  #set({ forMs }: RecipeEvent, wrong: Partial<Storage['faults']>): void {
    const { faults } = this.#parts.storage;
    Object.assign(faults, wrong);
    const sound = soundStorage();
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

/** As vSphere numbers redo logs. */
function name(number: number): string {
  return String(number).padStart(6, '0');
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
