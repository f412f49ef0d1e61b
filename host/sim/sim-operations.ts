// What the simulated controller asks of VMs: the operations on their files, by the product's own
// code, each of which may lose its world or its agent after any number of steps.

import type { Json } from '#lib/base/json.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { attachDisk } from '../agent/vm/operations/attach-disk.ts';
import { cloneVm } from '../agent/vm/operations/clone-vm.ts';
import { createSnapshot } from '../agent/vm/operations/create-snapshot.ts';
import { destroyVm } from '../agent/vm/operations/destroy-vm.ts';
import { detachDisk } from '../agent/vm/operations/detach-disk.ts';
import { growDisk } from '../agent/vm/operations/grow-disk.ts';
import { type OnVm, onVm } from '../agent/vm/operations/on-vm.ts';
import { resetVm, suspendVm } from '../agent/vm/operations/power.ts';
import { relocateVm } from '../agent/vm/operations/relocate-vm.ts';
import { removeSnapshot } from '../agent/vm/operations/remove-snapshot.ts';
import { revertToSnapshot } from '../agent/vm/operations/revert-to-snapshot.ts';
import { unitOfKey } from '../datastore/vm-home.ts';
import { homeKnown, known } from './around/known-vm.ts';
import { isEncrypted, rekeyed, type SimKeyProvider } from './around/sim-keys.ts';
import type { Fleet, SimVm } from './fleet.ts';
import type { RecipeEvent } from './recipe.ts';
import type { Schedule } from './schedule.ts';
import { DATASTORES, pathOf } from './sim-datastores.ts';
import type { VmFiles } from './vm-files.ts';
import { SECTOR } from './volume.ts';

export const BOOT_KEY = 2000;
export const DATA_KEY = 2001;
const DATA_REGISTERS = 64;
const GROWTH_BYTES = 64 * SECTOR;
const SNAPSHOTS_MAX = 4;
const VMS_MAX = 3;
/** An agent that was lost in the middle is asked once more when it is back. */
const TRIES = 4;
const RETRY_MS = 2_500;
/** A migration that takes longer than this keeps its guests waiting, in milliseconds. */
const PAUSE_MS_MAX = 8_000;
const OFF_MS_MAX = 20_000;
/** From this severity on a storage migration takes the home along. */
const HOME_MOVES = 0.5;
const FIND_TRIES = 40;
/** The power may fail so soon after an operation, in steps. */
const AFTER_STEPS = 24;
/** Longer than anybody waits for a destination. */
const STANDSTILL_MS = 26_000;

export interface OperationsParts {
  fleet: Fleet;
  files: VmFiles;
  schedule: Schedule;
  filterSets: readonly (readonly DiskFilter[])[];
  provider: SimKeyProvider;
  /** A clone is there. */
  onCloned(spec: VmRunSpec): void;
  /** The power of all hosts and of the storage fails, for so long at most. */
  losePower(forMs: number): void;
  /** Nothing that could make an operation fail has been done so far. */
  isSound(): boolean;
  onWrong(message: string): void;
}

type Work = (on: OnVm, operationKey: string) => Promise<Json>;

export class SimOperations {
  readonly #parts: OperationsParts;
  #keys = 0;
  #clones = 0;
  /** How many have succeeded and failed, for the report. */
  readonly counts: Record<string, number> = {};

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  async migrate(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet, onWrong, isSound } = this.#parts;
    const others = fleet.hosts.filter((host) => host !== vm.home);
    const to = others[Math.floor(event.severity * others.length)];
    if (to === undefined || !fleet.mayMove(vm, to)) return;
    this.#kill(vm, event);
    const pauseMs = await fleet.migrate(vm, to);
    if (!isSound() || pauseMs === null) return;
    if (pauseMs === false) onWrong(`a migration failed without a reason: ${fleet.lastFailure}`);
    else if (pauseMs > PAUSE_MS_MAX) onWrong(`a migration stood still for ${pauseMs} ms`);
  }

  async setFilters(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { filterSets } = this.#parts;
    const wanted = filterSets[Math.floor(event.severity * filterSets.length)];
    if (wanted !== undefined) await this.#changeFilters(vm, event, wanted);
  }

  async rekey(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet, provider } = this.#parts;
    const [filters = []] = vm.filters;
    const status = fleet.worldOf(vm)?.world.status();
    const boot = status?.disks.find(({ key }) => key === BOOT_KEY);
    // The one before has to come through first, whose key nobody would know any more.
    const isDone = boot?.progress?.every(({ done }) => done) === true;
    if (!isEncrypted(filters) || !isDone) return;
    await this.#changeFilters(vm, event, rekeyed(filters, event.severity, provider));
  }

  async #changeFilters(
    vm: SimVm,
    event: RecipeEvent,
    wanted: readonly DiskFilter[],
  ): Promise<void> {
    const { fleet, files } = this.#parts;
    // The field forbids it while there are snapshots: what is below them has other filters.
    if (files.hasRedoLogs(vm.id) || files.snapshotsOf(vm.id).length > 0) return;
    if (vm.filters.length > 1) return;
    const { filters: before } = vm;
    await this.#alone(vm, event, async () => {
      // Until it is known what became of it, either may be what the descriptor names.
      vm.filters = [wanted, ...before];
      const change = [...wanted];
      const work = async (): Promise<void> => {
        await fleet.ask(vm, (runner) => runner.setFilters(BOOT_KEY, change));
        vm.filters = [wanted];
        vm.spec = withFilters(vm.spec, wanted);
      };
      await work().catch((thrown: unknown) => {
        fleet.worldOf(vm)?.process.kill();
        throw thrown;
      });
    });
  }

  snapshot(vm: SimVm, event: RecipeEvent): Promise<void> {
    if (this.#parts.files.snapshotsOf(vm.id).length >= SNAPSHOTS_MAX) return Promise.resolve();
    const quiesce = event.severity > 0.5;
    return this.#onFiles(vm, event, (on, operationKey) => {
      const named = { name: 'Snapshot', description: '', quiesce };
      return createSnapshot(on, { vm: vm.spec, operationKey, ...named });
    });
  }

  async removeSnapshot(vm: SimVm, event: RecipeEvent): Promise<void> {
    const snapshotId = this.#snapshotOf(vm, event);
    if (snapshotId === null) return this.snapshot(vm, event);
    if (vm.linked) return;
    const removeChildren = event.forMs % 2 === 0;
    await this.#onFiles(vm, event, (on, operationKey) => {
      return removeSnapshot(on, { vm: vm.spec, operationKey, snapshotId, removeChildren });
    });
  }

  async revert(vm: SimVm, event: RecipeEvent): Promise<void> {
    const snapshotId = this.#snapshotOf(vm, event);
    if (snapshotId === null) return this.snapshot(vm, event);
    await this.#whileOff(vm, () =>
      this.#onFiles(vm, event, (on, operationKey) =>
        revertToSnapshot(on, { vm: vm.spec, operationKey, snapshotId }),
      ),
    );
  }

  async grow(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { files } = this.#parts;
    if (files.hasRedoLogs(vm.id) || files.snapshotsOf(vm.id).length > 0 || vm.linked) return;
    const capacityBytes = vm.bootBytes + GROWTH_BYTES;
    await this.#onFiles(vm, event, async (on, operationKey) => {
      const input = { vm: vm.spec, operationKey, diskKey: BOOT_KEY, capacityBytes };
      const answer = await growDisk(on, input);
      vm.bootBytes = capacityBytes;
      return answer;
    });
  }

  async relocate(vm: SimVm, event: RecipeEvent): Promise<void> {
    if (vm.linked) return;
    const datastoreId = DATASTORES[event.forMs % DATASTORES.length] ?? DATASTORES[0];
    const disks = [...this.#parts.files.disksOf(vm.id)].map(([key, full]) => {
      const path = `${vm.id}/${full.slice(full.lastIndexOf('/') + 1)}`;
      return { key, datastoreId, path, provisioning: 'thin' as const };
    });
    const moved = event.severity < 0.3 ? disks.slice(0, 1) : disks;
    const { spec } = vm;
    const leaves = event.severity > HOME_MOVES && spec.datastoreId !== datastoreId;
    const home = leaves ? { datastoreId, vmxPath: spec.vmxPath } : null;
    await this.#onFiles(vm, event, (on, operationKey) =>
      relocateVm(on, { vm: vm.spec, operationKey, home, disks: moved }),
    );
  }

  async clone(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet, onCloned } = this.#parts;
    const snapshotId = this.#snapshotOf(vm, event);
    if (fleet.vms.filter(({ gone }) => !gone).length >= VMS_MAX || vm.busy) return;
    const linked = snapshotId !== null && event.severity > 0.5;
    this.#clones += 1;
    const id = `clone${this.#clones}`;
    const disks = vm.spec.disks
      .filter(({ key }) => key === BOOT_KEY)
      .map((disk) => ({ ...disk, datastoreId: DATASTORES[0], path: `${id}/${id}.vmdk` }));
    const target = { ...vm.spec, vmId: id, name: id, vmxPath: `${id}/${id}.vmx`, disks };
    if (linked) vm.linked = true;
    const work: Work = async (on, operationKey) => {
      const how = { snapshotId, linked, provisioning: 'thin' as const };
      const answer = await cloneVm(on, { source: vm.spec, operationKey, target, ...how });
      if (!fleet.vms.some((each) => each.id === id)) onCloned(target);
      return answer;
    };
    const clone = (): Promise<void> => this.#onFiles(vm, event, work);
    await (snapshotId === null ? this.#whileOff(vm, clone) : clone());
  }

  /** Of a clone; another VM gets one. Asked for until nothing is left of it. */
  async destroy(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet, schedule, files, onWrong } = this.#parts;
    if (!vm.id.startsWith('clone') || vm.linked || vm.gone) return this.clone(vm, event);
    await this.#whileOff(vm, async () => {
      await this.#alone(vm, event, async () => {
        vm.gone = true;
        let done: true | null = null;
        while (done === null) {
          const asked = fleet.ask(vm, async (runner, agent) => {
            await runner.powerOff();
            await destroyVm(agent.host, agent, vm.spec);
            return true as const;
          });
          done = await asked.catch(() => null);
          if (done === null) await schedule.sleep(RETRY_MS);
        }
        const left = files.leftOf(vm.id);
        if (left.length > 0) onWrong(`${vm.id} was deleted, and there are ${left.join(', ')}`);
      });
    });
  }

  async attach(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { files } = this.#parts;
    if (files.disksOf(vm.id).has(DATA_KEY)) return;
    const { detached } = vm;
    const isNew = detached === null;
    vm.dataDisks += isNew ? 1 : 0;
    const place = detached ?? {
      datastoreId: DATASTORES[0],
      path: `${vm.id}/${vm.id}_${vm.dataDisks}.vmdk`,
    };
    if (isNew) files.addDisk(pathOf(place.datastoreId, place.path), DATA_REGISTERS);
    const disk = {
      ...{ key: DATA_KEY, label: 'Hard disk 2', unit: unitOfKey(DATA_KEY), ...place },
      ...{ capacityBytes: DATA_REGISTERS * SECTOR, filters: [] },
    };
    const create = isNew ? { provisioning: 'thin' as const } : null;
    await this.#onFiles(vm, event, (on, operationKey) =>
      attachDisk(on, { vm: vm.spec, operationKey, disk, create }),
    );
    if (files.disksOf(vm.id).has(DATA_KEY)) vm.detached = null;
  }

  async detach(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { files } = this.#parts;
    const full = files.disksOf(vm.id).get(DATA_KEY);
    if (full === undefined) return;
    const [, datastoreId = '', ...path] = full.split('/');
    await this.#onFiles(vm, event, (on, operationKey) =>
      detachDisk(on, { vm: vm.spec, operationKey, diskKey: DATA_KEY, deleteFiles: false }),
    );
    // A snapshot still has its older state, and would bring it back under another name.
    const kept = !files.disksOf(vm.id).has(DATA_KEY) && files.snapshotsOf(vm.id).length === 0;
    if (kept) vm.detached = { datastoreId, path: path.join('/') };
  }

  async suspend(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet, schedule } = this.#parts;
    if (vm.power !== 'poweredOn') return;
    await this.#alone(vm, event, async () => {
      vm.power = 'suspended';
      await fleet.ask(vm, (_, agent) =>
        suspendVm({ host: agent.host, vms: agent, job: newJob() }, vm.id),
      );
      await schedule.sleep(Math.min(event.forMs, OFF_MS_MAX));
    }).finally(() => {
      vm.power = 'poweredOn';
    });
  }

  async reset(vm: SimVm, event: RecipeEvent): Promise<void> {
    const { fleet } = this.#parts;
    if (vm.power !== 'poweredOn') return;
    await this.#alone(vm, event, async () => {
      await fleet.ask(vm, (_, agent) =>
        resetVm({ host: agent.host, vms: agent, job: newJob() }, vm.id),
      );
    });
  }

  /** An operation on the VM's files, asked for again as long as its agent is lost. */
  #onFiles(vm: SimVm, event: RecipeEvent, work: Work): Promise<void> {
    const { fleet, schedule, files } = this.#parts;
    this.#keys += 1;
    const operationKey = `operation-${this.#keys}`;
    return this.#alone(vm, event, async () => {
      for (let left = TRIES; left > 0; left--) {
        const answer = await fleet.ask(vm, (_, agent) =>
          onVm(
            { host: agent.host, vms: agent, job: newJob() },
            { vm: vm.spec, operationKey },
            (on) => work(on, operationKey),
          ),
        );
        vm.spec = { ...vm.spec, ...homeKnown(vm, files), disks: known(vm, files) };
        if (answer !== null) return;
        await schedule.sleep(RETRY_MS);
      }
    });
  }

  /** One thing at a time, which succeeds as long as nothing was wrong. */
  async #alone(vm: SimVm, event: RecipeEvent, work: () => Promise<void>): Promise<void> {
    const { isSound, onWrong, fleet } = this.#parts;
    if (vm.gone || vm.busy || (vm.power === 'poweredOn' && fleet.worldOf(vm) === null)) return;
    vm.busy = true;
    this.#kill(vm, event);
    try {
      await work();
      this.#losePowerAfter(event);
      this.#count(`${event.kind} done`);
    } catch (thrown) {
      this.#count(`${event.kind} failed`);
      if (isSound()) onWrong(`${event.kind} failed without a reason: ${String(thrown)}`);
    } finally {
      vm.busy = false;
    }
  }

  async #whileOff(vm: SimVm, work: () => Promise<void>): Promise<void> {
    const { schedule, fleet } = this.#parts;
    // One that is being started could be on after it was looked at.
    if (vm.busy || vm.power !== 'poweredOn' || fleet.worldOf(vm) === null) return;
    vm.power = 'poweredOff';
    // Nothing else is asked of it meanwhile: the product does one thing after the other.
    vm.busy = true;
    const deadline = schedule.now + OFF_MS_MAX;
    while (vm.worlds.some(({ process }) => !process.isGone) && schedule.now < deadline) {
      await schedule.sleep(100);
    }
    vm.busy = false;
    await work();
    if (!vm.gone) vm.power = 'poweredOn';
  }

  #snapshotOf(vm: SimVm, event: RecipeEvent): number | null {
    const ids = this.#parts.files.snapshotsOf(vm.id);
    return ids[event.target % Math.max(ids.length, 1)] ?? null;
  }

  /** The newest world, of a migration the one that waits as soon as there is one. */
  #standStill(vm: SimVm, tries: number): void {
    const { schedule } = this.#parts;
    const worlds = vm.worlds.filter(({ alive }) => alive);
    const isThere = !vm.migrating || worlds.some(({ launch }) => launch.incoming);
    if (isThere || tries === 0) worlds.at(-1)?.process.stop(STANDSTILL_MS);
    else schedule.afterEvents(2, () => this.#standStill(vm, tries - 1));
  }

  /** What has been done must last from then on. */
  #losePowerAfter({ killAfter, forMs }: RecipeEvent): void {
    if (killAfter === null || forMs % 5 !== 4 || killAfter % 2 === 0) return;
    const { schedule, losePower } = this.#parts;
    schedule.afterEvents(killAfter % AFTER_STEPS, () => losePower(forMs));
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Who does the work, or who asked for it, dies in the middle, or stands still for long. */
  #kill(vm: SimVm, { killAfter, forMs }: RecipeEvent): void {
    if (killAfter === null) return;
    const { schedule, fleet, losePower } = this.#parts;
    schedule.afterEvents(killAfter, () => {
      const worlds = vm.worlds.filter(({ alive }) => alive);
      if (forMs % 5 === 4 && killAfter % 2 === 0) losePower(forMs);
      else if (forMs % 5 === 4) return;
      else if (forMs % 5 === 0) {
        fleet.killAgent(vm.home);
        schedule.after(forMs, () => fleet.startAgent(vm.home));
      } else if (forMs % 5 === 1) worlds[0]?.process.kill();
      else if (forMs % 5 === 2) worlds.at(-1)?.process.kill();
      else this.#standStill(vm, FIND_TRIES);
    });
  }
}

function withFilters(spec: VmRunSpec, filters: readonly DiskFilter[]): VmRunSpec {
  const disks = spec.disks.map((disk) =>
    disk.key === BOOT_KEY ? { ...disk, filters: [...filters] } : disk,
  );
  return { ...spec, disks };
}

function newJob(): OnVm['job'] {
  return { report: () => undefined, signal: new AbortController().signal };
}
