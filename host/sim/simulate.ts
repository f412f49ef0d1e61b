// One run of the simulator: builds the fleet and its disks that a recipe asks for, lets guests work
// while its events happen, then makes everything sound, waits until every VM serves again, and
// looks at what the disks hold.
import { formatDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import { formatVmx, parseVmx } from '#lib/formats/vmx/vmx.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { WantedFilter } from '../chain/change-filters.ts';
import { DATASTORE_MARKER } from '../datastore/datastore.ts';
import { vmxOfLayout } from '../datastore/vm-home.ts';
import { vmxOf } from '../datastore/vmx-of-vm.ts';
import { createRedoLog } from '../disk/snapshot-files.ts';
import { SimKeyProvider } from './around/sim-keys.ts';
import { Chaos } from './chaos.ts';
import { Fleet, type SimVm } from './fleet.ts';
import { Guest } from './guest.ts';
import type { GuestPort } from './guest-port.ts';
import type { SimHost } from './machine.ts';
import { ProcessFiles, type Storage } from './process-files.ts';
import type { EventKind, Family, Recipe } from './recipe.ts';
import { type RegisterParts, readAllRegisters, workOnRegisters } from './register-workload.ts';
import { RING_BYTES } from './ring-layout.ts';
import { Ring } from './ring-workload.ts';
import { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { DATASTORES, pathOf } from './sim-datastores.ts';
import { BOOT_KEY, DATA_KEY, SimOperations } from './sim-operations.ts';
import { soundStorage } from './storage-faults.ts';
import { VmFiles } from './vm-files.ts';
import { SECTOR, SimVolume } from './volume.ts';

/** On the first disk of a VM: half of them behind the ring, half where the first MiB ends. */
const REGISTERS = 400;
const SECOND = { first: 200, offset: 1024 * 1024 - 100 * SECTOR };
const BOOT_BYTES = SECOND.offset + (REGISTERS - SECOND.first) * SECTOR;
/** Guests that share the registers of a VM's first disk. */
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
  counts: Readonly<Record<string, number>>;
}

/** The sets of filters that a VM may have, in class order each. */
export type FilterSets = Readonly<Record<Family, readonly (readonly WantedFilter[])[]>>;

/** Never throws: what goes wrong is the outcome. */
export async function simulate(recipe: Recipe, filterSets: FilterSets): Promise<Outcome> {
  const run = new Run(recipe, filterSets);
  return run.toEnd();
}

/** A disk and those who use it. */
interface DiskUse {
  vm: SimVm;
  key: number;
  ring: Ring | null;
  clients: RegisterParts[];
}

class Run {
  readonly #schedule = new Schedule();
  readonly #recipe: Recipe;
  readonly #storage: Storage;
  readonly #files: VmFiles;
  readonly #fleet: Fleet;
  readonly #chaos: Chaos;
  readonly #operations: SimOperations;
  readonly #uses: DiskUse[] = [];
  readonly #working: Promise<void>[] = [];
  #failure: string | null = null;
  /** The events of the recipe are over, and guests begin nothing new. */
  #ending = false;
  #ended = false;
  #values = 0;

  constructor(recipe: Recipe, allSets: FilterSets) {
    this.#recipe = recipe;
    const filterSets = allSets[recipe.family];
    this.#storage = {
      volume: new SimVolume(),
      faults: soundStorage(recipe.callMs),
      random: new SeededRandom(recipe.seed, 'storage'),
      inFlight: new Set(),
      onLanded: (path, process) => this.#fleet.judgeWriter(path, process),
    };
    const onWrong = (message: string): void => this.#fail(message);
    const files = new VmFiles(this.#storage.volume, onWrong);
    this.#files = files;
    const schedule = this.#schedule;
    const sets = filterSets.map(diskFilters);
    const storage = this.#storage;
    const provider = new SimKeyProvider(new SeededRandom(recipe.seed, 'keys'));
    this.#markDatastores();
    const fleet = new Fleet({
      ...{ schedule, storage, recipe, files, provider, onWrong },
      loadFilters: (wanted) => Promise.resolve(wanted.map((each) => found(filterSets, each))),
      // A redo log keeps what is new in its tables in memory until it is flushed. Guests have to
      // learn first that their connections are gone.
      onLost: (vm) => schedule.after(0, () => files.loseMemory(vm.id)),
      isSound: () => this.#chaos.isSound,
    });
    this.#fleet = fleet;
    for (let index = 0; index < recipe.vms; index++) {
      const filters = sets[(recipe.filters + index) % sets.length] ?? [];
      this.#makeVm(`vm${index + 1}`, filters);
    }
    storage.volume.syncNames();
    this.#operations = new SimOperations({
      ...{ fleet, files, schedule, filterSets: sets, provider, onWrong },
      losePower: (forMs) => this.#chaos.losePower(forMs),
      isSound: () => this.#chaos.isSound,
      onCloned: (spec) => this.#begin(this.#addVm(spec)),
    });
    const operations = this.#operations;
    const onPowerLost = (): void => files.losePower();
    const onFlashLost = (host: SimHost): void => {
      for (const vm of fleet.vms) {
        if (vm.holder?.process.host === host && mayWriteBack(vm)) files.loseMemory(vm.id);
      }
    };
    const parts = { recipe, schedule, storage, provider, fleet, operations };
    this.#chaos = new Chaos({ ...parts, onPowerLost, onFlashLost });
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
    void this.#watch(this.#live());
    await this.#schedule.run(() => this.#isOver());
    const transactions = this.#uses.reduce((sum, { ring }) => sum + (ring?.transactions ?? 0), 0);
    return {
      failure: this.#failure,
      atMs: this.#schedule.now,
      events: this.#schedule.events,
      done: this.#chaos.done,
      counts: {
        ...this.#fleet.counts,
        ...this.#operations.counts,
        ...{ transactions, values: this.#values },
      },
    };
  }

  async #live(): Promise<void> {
    for (const vm of this.#fleet.vms) this.#begin(vm);
    await this.#schedule.sleep(this.#recipe.durationMs);
    this.#ending = true;
    this.#chaos.end();
    this.#schedule.after(RECOVERY_MS, () => this.#fail('the fleet does not recover'));
    while (!this.#chaos.isIdle) await this.#schedule.sleep(100);
    await Promise.all(this.#working);
    for (const { vm, key, ring, clients } of this.#uses) {
      if (vm.gone) continue;
      if (this.#files.contentOf(vm.id, key) === null) continue;
      await ring?.check();
      const [client] = clients;
      if (client) await readAllRegisters(client);
    }
    this.#ended = true;
  }

  /** Guests use the VM from now on. One that has seen a wrong answer ends all. */
  #begin(vm: SimVm): void {
    const uses = [this.#usersOf(vm, BOOT_KEY), this.#usersOf(vm, DATA_KEY)];
    this.#uses.push(...uses);
    for (const { ring, clients } of uses) {
      if (ring !== null) this.#working.push(this.#watch(ring.use()));
      for (const client of clients) this.#working.push(this.#watch(workOnRegisters(client)));
    }
  }

  #watch(work: Promise<void>): Promise<void> {
    return work.catch((thrown: unknown) => {
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

  #addVm(spec: VmRunSpec): SimVm {
    const vm = this.#fleet.addVm(spec, BOOT_BYTES);
    this.#files.addVm(spec.vmId, pathOf(spec.datastoreId, spec.vmxPath));
    return vm;
  }

  #usersOf(vm: SimVm, key: number): DiskUse {
    const { seed, pauseMs } = this.#recipe;
    const name = `${vm.id} ${key}`;
    const isBoot = key === BOOT_KEY;
    const files = this.#files;
    const content = () => {
      const found = files.contentOf(vm.id, key);
      if (found) return found;
      throw new RangeError('the VM has no such disk');
    };
    const unit = `scsi0:${key - BOOT_KEY}`;
    const newestPort = (): GuestPort | null =>
      this.#fleet.worldOf(vm)?.server?.portOf(unit) ?? null;
    const isOver = (): boolean => this.#ending || vm.gone;
    const guest = (): Guest =>
      new Guest({
        schedule: this.#schedule,
        newestPort,
        onDoubt: () => files.contentOf(vm.id, key)?.history.doubt(),
        onTurnedAway: (error) => {
          if (this.#chaos.isCalm) this.#fail(`a guest was turned away without a reason: ${error}`);
        },
      });
    const clients = Array.from({ length: isBoot ? CLIENTS : 1 }, (_, index) => ({
      guest: guest(),
      get history() {
        return content().history;
      },
      random: new SeededRandom(seed, `${name} client ${index}`),
      ...(isBoot ? { offset: RING_BYTES, second: SECOND } : { offset: 0 }),
      ...{ pauseMs, isOver },
      isThere: () => files.contentOf(vm.id, key) !== null,
      nextValue: () => {
        this.#values += 1;
        return this.#values;
      },
    }));
    const random = new SeededRandom(seed, name);
    const ring = new Ring({ guest: guest(), random, pauseMs, isOver, state: content });
    return { vm, key, ring: isBoot ? ring : null, clients };
  }

  /** What snapshots have left before the run begins, whose list nobody has any more. */
  async #makeRedoLogs(): Promise<void> {
    const [host] = this.#fleet.hosts;
    const process = host?.spawn();
    if (process === undefined) return;
    const files = new ProcessFiles(this.#storage, process);
    for (const vm of this.#fleet.vms) {
      const random = new SeededRandom(this.#recipe.seed, `${vm.id} redo logs`);
      for (let number = 1; number <= this.#recipe.redoLogs; number++) {
        const [disk] = vm.spec.disks;
        if (!disk) continue;
        const path = `${vm.id}/${vm.id}-00000${number}.vmdk`;
        const parentDescriptorPath = pathOf(disk.datastoreId, disk.path);
        const childDescriptorPath = pathOf(disk.datastoreId, path);
        this.#files.addDisk(parentDescriptorPath, REGISTERS);
        await createRedoLog({ parentDescriptorPath, childDescriptorPath, files, random });
        vm.spec = { ...vm.spec, disks: [{ ...disk, path }] };
      }
      await this.#writeVmx(vm.spec);
      const [disk] = vm.spec.disks;
      if (disk) this.#files.addDisk(pathOf(disk.datastoreId, disk.path), REGISTERS);
      this.#files.addVm(vm.id, pathOf(vm.spec.datastoreId, vm.spec.vmxPath));
    }
    this.#storage.volume.syncNames();
    process.kill();
  }

  /** Half of the datastores are VMFS, where the locks of a host live by one heartbeat. */
  #markDatastores(): void {
    const random = new SeededRandom(this.#recipe.seed, 'datastore');
    for (const id of DATASTORES) {
      const type = random.chance(0.5) ? 'VMFS' : 'NFS';
      this.#storage.volume.makeDirectory(`/${id}`);
      const marker = this.#storage.volume.create(`/${id}/${DATASTORE_MARKER}`);
      marker.write(0, Buffer.from(JSON.stringify({ format: 1, id, type })));
      marker.sync();
    }
  }

  #makeVm(id: string, filters: VmRunSpec['disks'][number]['filters']): void {
    const { volume } = this.#storage;
    const random = new SeededRandom(this.#recipe.seed, `${id} files`);
    const extentFileName = `${id}-flat.vmdk`;
    const sectors = BOOT_BYTES / SECTOR;
    const descriptor = newDescriptor({ createType: 'vmfs', sectors, extentFileName, random });
    const datastoreId = DATASTORES[0];
    const home = pathOf(datastoreId, id);
    volume.makeDirectory(home);
    const file = volume.create(`${home}/${id}.vmdk`);
    file.write(0, Buffer.from(formatDescriptor(descriptor)));
    file.sync();
    const extent = volume.create(`${home}/${extentFileName}`);
    extent.resize(BOOT_BYTES);
    extent.sync();
    const disk = {
      ...{ key: BOOT_KEY, label: 'Hard disk 1', unit: 'scsi0:0', datastoreId },
      ...{ path: `${id}/${id}.vmdk`, capacityBytes: BOOT_BYTES, filters },
    };
    const spec: VmRunSpec = {
      ...{ vmId: id, name: id, instanceUuid: '00000000-0000-4000-8000-000000000000' },
      ...{ cpuCount: 1, memoryMib: 64, datastoreId, vmxPath: `${id}/${id}.vmx` },
      ...{ disks: [disk], nbdPort: 0 },
    };
    this.#fleet.addVm(spec, BOOT_BYTES);
  }

  async #writeVmx(spec: VmRunSpec): Promise<void> {
    const { datastoreId, vmxPath, disks } = spec;
    const layout = { datastoreId, vmxPath, disks, snapshots: [], currentSnapshotId: null };
    const spell = ({ path }: { path: string }): Promise<string> =>
      Promise.resolve(path.slice(path.lastIndexOf('/') + 1));
    const vmx = parseVmx(formatVmx(vmxOf(spec, [])));
    const file = this.#storage.volume.create(pathOf(datastoreId, vmxPath));
    file.write(0, Buffer.from(await vmxOfLayout({ vmx, layout }, spell, 'first')));
    file.sync();
  }
}

function diskFilters(set: readonly WantedFilter[]): VmRunSpec['disks'][number]['filters'] {
  return set.map(({ definition, properties }) => {
    return { name: definition.name, class: definition.class, properties: { ...properties } };
  });
}

/** What was acknowledged may lie on its host's flash alone. */
function mayWriteBack({ filters }: SimVm): boolean {
  return filters.flat().some(({ properties }) => properties.mode === 'writeBack');
}

/** The code of a filter. */
function found(
  sets: FilterSets[Family],
  { name, properties }: { name: string; properties: WantedFilter['properties'] },
): WantedFilter {
  const known = sets.flat().find(({ definition }) => definition.name === name);
  if (known) return { ...known, properties };
  throw new RangeError(`the simulator has no filter ${name}`);
}
