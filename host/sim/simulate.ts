// One run of the simulator: builds the fleet and its disks that a recipe asks for, lets guests work
// while its events happen, then makes everything sound, waits until every VM serves again, and
// looks at what the disks hold.
import { formatDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { DATASTORE_MARKER } from '../datastore/datastore.ts';
import { createRedoLog } from '../disk/snapshot-files.ts';
import { Chaos } from './chaos.ts';
import { Fleet, type SimVm } from './fleet.ts';
import { Guest } from './guest.ts';
import type { GuestPort } from './guest-port.ts';
import { ProcessFiles, type Storage } from './process-files.ts';
import type { EventKind, Recipe } from './recipe.ts';
import { RegisterHistory } from './register-history.ts';
import { type RegisterParts, readAllRegisters, useRegisters } from './register-workload.ts';
import { RING_BYTES } from './ring-layout.ts';
import { Ring } from './ring-workload.ts';
import { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { soundStorage } from './storage-faults.ts';
import { SECTOR, SimVolume } from './volume.ts';

const REGISTERS = 300;
/** Guests that share the registers of one disk. */
const CLIENTS = 2;
/** A fleet that is sound serves again within this, in milliseconds. */
const RECOVERY_MS = 120_000;
/** More events than any run has. */
const EVENTS_MAX = 400_000;

export interface Outcome {
  /** What went wrong, or null. */
  failure: string | null;
  /** Simulated milliseconds and events. */
  atMs: number;
  events: number;
  /** How often each kind of event happened, and what the fleet did. */
  done: ReadonlyMap<EventKind, number>;
  counts: Fleet['counts'] & { transactions: number; values: number };
}

/** The sets of filters that a VM may have, in class order each; the first one is none. */
export type FilterSets = readonly (readonly WantedFilter[])[];

/** Never throws: what goes wrong is the outcome. */
export async function simulate(recipe: Recipe, filterSets: FilterSets = [[]]): Promise<Outcome> {
  const run = new Run(recipe, filterSets);
  return run.toEnd();
}

interface Disk {
  vm: SimVm;
  history: RegisterHistory;
  ring: Ring;
  clients: RegisterParts[];
}

class Run {
  readonly #schedule = new Schedule();
  readonly #recipe: Recipe;
  readonly #storage: Storage;
  readonly #fleet: Fleet;
  readonly #chaos: Chaos;
  readonly #disks: Disk[] = [];
  #failure: string | null = null;
  /** The events of the recipe are over, and guests begin nothing new. */
  #ending = false;
  #ended = false;
  #values = 0;

  constructor(recipe: Recipe, filterSets: FilterSets) {
    this.#recipe = recipe;
    this.#storage = {
      volume: new SimVolume(),
      faults: soundStorage(),
      random: new SeededRandom(recipe.seed, 'storage'),
      inFlight: new Set(),
      onLanded: (path, process) => this.#fleet.judgeWriter(path, process),
    };
    this.#markDatastore();
    const schedule = this.#schedule;
    const onWrong = (message: string): void => this.#fail(message);
    this.#fleet = new Fleet({
      ...{ schedule, storage: this.#storage, recipe, onWrong },
      // A redo log keeps what is new in its tables in memory until it is flushed. Guests have to
      // learn first that their connections are gone.
      onLost: (vm) => schedule.after(0, () => this.#losePower(vm)),
    });
    for (let index = 0; index < recipe.vms; index++) {
      const filters = filterSets[(recipe.filters + index) % filterSets.length] ?? [];
      this.#disks.push(this.#makeDisk(`vm${index + 1}`, filters));
    }
    this.#storage.volume.syncNames();
    this.#chaos = new Chaos({
      recipe,
      schedule,
      storage: this.#storage,
      fleet: this.#fleet,
      filterSets,
      onWrong,
      onPowerLost: () => {
        for (const { vm } of this.#disks) this.#losePower(vm);
      },
    });
  }

  async toEnd(): Promise<Outcome> {
    let made = false;
    const making = this.#makeRedoLogs().then(() => {
      made = true;
    });
    await this.#schedule.run(() => made);
    await making;
    this.#fleet.start();
    this.#chaos.start();
    this.#watch(this.#live());
    await this.#schedule.run(() => this.#isOver());
    const transactions = this.#disks.reduce((sum, { ring }) => sum + ring.transactions, 0);
    return {
      failure: this.#failure,
      atMs: this.#schedule.now,
      events: this.#schedule.events,
      done: this.#chaos.done,
      counts: { ...this.#fleet.counts, transactions, values: this.#values },
    };
  }

  async #live(): Promise<void> {
    const guests = this.#disks.flatMap(({ ring, clients }) => [
      ring.use(),
      ...clients.map((client) => useRegisters(client)),
    ]);
    // One that has seen a wrong answer ends all.
    for (const guest of guests) this.#watch(guest);
    await this.#schedule.sleep(this.#recipe.durationMs);
    this.#ending = true;
    this.#chaos.end();
    this.#schedule.after(RECOVERY_MS, () => this.#fail('the fleet does not recover'));
    await Promise.all(guests);
    for (const { ring, clients } of this.#disks) {
      await ring.check();
      const [client] = clients;
      if (client) await readAllRegisters(client);
    }
    this.#ended = true;
  }

  #losePower(vm: SimVm): void {
    this.#disks.find((disk) => disk.vm === vm)?.history.losePower();
  }

  #watch(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      this.#fail(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));
    });
  }

  #isOver(): boolean {
    if (this.#schedule.events > EVENTS_MAX) this.#fail('there is no end to it');
    return this.#failure !== null || this.#ended;
  }

  #fail(message: string): void {
    this.#failure ??= message;
  }

  #makeDisk(id: string, filters: readonly WantedFilter[]): Disk {
    const random = new SeededRandom(this.#recipe.seed, id);
    const vm = this.#fleet.addVm(id, `/ds/${id}/${id}.vmdk`, filters);
    this.#writeFiles(vm, random);
    const history = new RegisterHistory(REGISTERS);
    const newestPort = (): GuestPort | null => this.#fleet.worldOf(vm)?.port ?? null;
    const schedule = this.#schedule;
    const isOver = (): boolean => this.#ending;
    const guest = (): Guest => new Guest({ schedule, newestPort, onDoubt: () => history.doubt() });
    const ring = new Ring({ guest: guest(), random, isOver });
    const clients = Array.from({ length: CLIENTS }, (_, index) => ({
      guest: guest(),
      history,
      random: new SeededRandom(this.#recipe.seed, `${id} client ${index}`),
      offset: RING_BYTES,
      isOver,
      nextValue: () => {
        this.#values += 1;
        return this.#values;
      },
    }));
    return { vm, history, ring, clients };
  }

  /** What snapshots have left before the run begins. */
  async #makeRedoLogs(): Promise<void> {
    const [host] = this.#fleet.hosts;
    const process = host?.spawn();
    if (process === undefined) return;
    const files = new ProcessFiles(this.#storage, process);
    for (const { vm } of this.#disks) {
      const random = new SeededRandom(this.#recipe.seed, `${vm.id} redo logs`);
      while (vm.redoLogs < this.#recipe.redoLogs) {
        vm.redoLogs += 1;
        const parentDescriptorPath = vm.descriptorPath;
        const childDescriptorPath = `/ds/${vm.id}/${vm.id}-00000${vm.redoLogs}.vmdk`;
        await createRedoLog({ parentDescriptorPath, childDescriptorPath, files, random });
        vm.descriptorPath = childDescriptorPath;
      }
    }
    this.#storage.volume.syncNames();
    process.kill();
  }

  /** Half of the datastores are VMFS, where the locks of a host live by one heartbeat. */
  #markDatastore(): void {
    const random = new SeededRandom(this.#recipe.seed, 'datastore');
    const type = random.chance(0.5) ? 'VMFS' : 'NFS';
    const marker = this.#storage.volume.create(`/ds/${DATASTORE_MARKER}`);
    marker.write(0, Buffer.from(JSON.stringify({ format: 1, id: 'datastore-1', type })));
    marker.sync();
  }

  #writeFiles({ id, descriptorPath }: SimVm, random: SeededRandom): void {
    const { volume } = this.#storage;
    const bytes = RING_BYTES + REGISTERS * SECTOR;
    const extentFileName = `${id}-flat.vmdk`;
    const sectors = bytes / SECTOR;
    const descriptor = newDescriptor({ createType: 'vmfs', sectors, extentFileName, random });
    volume.makeDirectory(`/ds/${id}`);
    const file = volume.create(descriptorPath);
    file.write(0, Buffer.from(formatDescriptor(descriptor)));
    file.sync();
    const extent = volume.create(`/ds/${id}/${extentFileName}`);
    extent.resize(bytes);
    extent.sync();
  }
}
