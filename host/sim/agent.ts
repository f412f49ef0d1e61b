// The agent of a simulated host: as thin as can be where the product's starts processes and
// listens, and the product's own where files of VMs are changed. What it has written down outlives
// it.
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { OperatedVm, OperatedVms, OperatingHost } from '../agent/vm/operated-vm.ts';
import { settleRecord } from '../agent/vm/settle-record.ts';
import type { Settlement } from '../agent/vm/vm-intent.ts';
import { newVmRecord, specWithFilters, type VmRecord } from '../agent/vm/vm-record.ts';
import {
  launchFilters,
  launchOf,
  settlePendingFilters,
  specAtHome,
} from '../agent/vm/world-launch.ts';
import type { VmKeys } from '../agent/vm-keys.ts';
import type { WorldLaunch } from '../world/launch.ts';
import type { OperateParams } from '../world/operations/operation.ts';
import type { SimProcess } from './machine.ts';
import { callProcess } from './process-call.ts';
import type { SimWorld } from './world.ts';

/** What writing down a record takes, in milliseconds. */
const RECORD_MS = 0.5;
const BACKOFF_MS_MAX = 3_000;
const CALL_LIMIT_MS = 10_000;
const OPERATION_LIMIT_MS = 3_600_000;
const WATCH_MS = 50;

export interface AgentParts {
  process: SimProcess;
  host: OperatingHost;
  /** On the host's own disk. */
  records: Map<string, VmRecord>;
  /** In the memory of its process. */
  keys: VmKeys;
  spawnWorld(vmId: string, launch: WorldLaunch): SimWorld;
  /** Those of this host whose processes live. */
  worldsOf(vmId: string): readonly SimWorld[];
  /** A world is about to be asked for it. */
  onOperation(params: OperateParams): void;
  /** It has been done, and the VM runs on what came of it. */
  onOperated(vmId: string): void;
  /** What kept it from starting, or null. */
  onStart(vmId: string, failure: unknown): void;
}

export class SimAgent implements OperatedVms {
  readonly process: SimProcess;
  readonly host: OperatingHost;
  readonly keys: VmKeys;
  readonly #parts: AgentParts;
  readonly #runners = new Map<string, SimRunner>();

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.process = parts.process;
    this.host = parts.host;
    this.keys = parts.keys;
    for (const vmId of parts.records.keys()) this.#add(vmId);
  }

  /** Null when the VM is not known here. */
  find(vmId: string): SimRunner | null {
    return this.#runners.get(vmId) ?? null;
  }

  require(vmId: string): SimRunner {
    const runner = this.find(vmId);
    if (runner) return runner;
    throw new Fault('NotFound', `The virtual machine ${vmId} is not registered here.`);
  }

  findOrAdd(spec: VmRunSpec, place: VmRecord['place']): Promise<SimRunner> {
    const known = this.find(spec.vmId);
    if (known) return Promise.resolve(known);
    this.#parts.records.set(spec.vmId, newVmRecord(spec, place));
    return Promise.resolve(this.#add(spec.vmId));
  }

  forget({ vmId }: SimRunner): Promise<void> {
    this.#runners.delete(vmId);
    this.#parts.records.delete(vmId);
    return Promise.resolve();
  }

  /** Looks after all VMs. */
  tick(): void {
    for (const runner of this.#runners.values()) runner.tick();
  }

  #add(vmId: string): SimRunner {
    const runner = new SimRunner(vmId, this.#parts);
    this.#runners.set(vmId, runner);
    return runner;
  }
}

export class SimRunner implements OperatedVm {
  readonly vmId: string;
  readonly client;
  readonly world;
  readonly #parts: AgentParts;
  readonly #mutex = new Mutex();
  #pending = 0;
  #failures = 0;
  #nextAt = 0;

  constructor(vmId: string, parts: AgentParts) {
    this.vmId = vmId;
    this.#parts = parts;
    this.client = {
      operate: (params: OperateParams) => {
        parts.onOperation(params);
        return this.#ask(OPERATION_LIMIT_MS, (world) => world.operate(params));
      },
      cancel: (mark: string) =>
        this.#ask(CALL_LIMIT_MS, async ({ world }) => {
          world.cancel(mark);
          return {};
        }),
      status: () => this.#ask(CALL_LIMIT_MS, async ({ world }) => world.status()),
    };
    this.world = {
      withService: <T>(spec: VmRunSpec, work: () => Promise<T>) => this.#withService(spec, work),
    };
  }

  get record(): VmRecord {
    const record = this.#parts.records.get(this.vmId);
    if (record) return record;
    throw new Fault('NotFound', `The virtual machine ${this.vmId} is not registered here.`);
  }

  get isRunning(): boolean {
    return this.#here()?.world.state === 'running';
  }

  get isBusy(): boolean {
    return this.#pending > 0;
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    return this.#mutex.run(work).finally(() => {
      this.#pending -= 1;
    });
  }

  async update(change: Partial<VmRecord>): Promise<void> {
    await this.#sleep(RECORD_MS);
    const { records } = this.#parts;
    if (records.has(this.vmId)) records.set(this.vmId, { ...this.record, ...change });
  }

  /** As that of host/agent/vm/vm-runner.ts. */
  async settle(): Promise<Settlement | null> {
    if (this.record.intent === null) return null;
    const { host, worldsOf } = this.#parts;
    // What a process that was killed had asked the kernel for may still happen until it is gone.
    const isBusy = ({ alive, world }: SimWorld): boolean =>
      !alive || world.status().operation !== null;
    while (worldsOf(this.vmId).some(isBusy)) await this.#sleep(WATCH_MS);
    const settled = await settleRecord(this.record, host.objects, host.files);
    if (settled !== null) await this.update(settled.change);
    return settled?.settlement ?? null;
  }

  look(): Promise<void> {
    this.#parts.onOperated(this.vmId);
    return Promise.resolve();
  }

  stopWorld(): Promise<void> {
    return this.#end();
  }

  async suspended(): Promise<void> {
    await this.update({ desired: 'suspended' });
    await this.#end();
  }

  tick(): void {
    if (this.#pending > 0) return;
    void this.exclusively(() => this.#look()).catch(() => {
      // It is looked after again.
      this.#back();
    });
  }

  /** Idempotent; asks for the spec when it is needed. */
  powerOn(nextSpec: () => VmRunSpec): Promise<void> {
    return this.exclusively(async () => {
      const { desired, place } = this.record;
      const arrives = place === 'incoming' && this.#here() !== null;
      const runs = place === 'here' && desired === 'poweredOn' && this.#failures === 0;
      if (arrives || runs || this.#parts.host.clock.monotonic() < this.#nextAt) return;
      await this.#end();
      await this.settle();
      const here = await specAtHome(this.#parts.host, nextSpec());
      const fresh = { place: 'here', pendingFilters: null } as const;
      await this.update({ spec: here, desired: 'poweredOn', ...fresh });
      await this.#start();
    }).catch(() => this.#back());
  }

  /** Idempotent. */
  powerOff(): Promise<void> {
    return this.exclusively(async () => {
      await this.update({ desired: 'poweredOff' });
      await this.#end();
    });
  }

  setFilters(diskKey: number, filters: DiskFilter[]): Promise<void> {
    return this.exclusively(async () => {
      await this.settle();
      this.#parts.keys.require(this.vmId, [{ filters }]);
      const launch = launchFilters(this.#parts.host, filters);
      await this.#giveKeys();
      await this.update({ pendingFilters: { diskKey, filters } });
      await this.#ask(OPERATION_LIMIT_MS, ({ world }) => world.setDiskFilters(diskKey, launch));
      const spec = specWithFilters(this.record.spec, diskKey, filters);
      await this.update({ spec, pendingFilters: null });
    });
  }

  /** The VM is another's then. Resolves with how long its I/O stood still, in milliseconds. */
  handOver(ticket: Parameters<SimWorld['handOver']>[0]): Promise<number> {
    return this.exclusively(async () => {
      await this.settle();
      const pauseMs = await this.#ask(OPERATION_LIMIT_MS, (world) => world.handOver(ticket));
      await this.update({ desired: 'poweredOff' });
      return pauseMs;
    });
  }

  /** A place for a VM that comes. */
  prepareIncoming(spec: VmRunSpec): Promise<SimWorld> {
    return this.exclusively(async () => {
      await this.settle();
      const here = await specAtHome(this.#parts.host, spec);
      await this.update(newVmRecord(here, 'incoming'));
      const how = { incoming: true, serves: true, missing: 'GenericVmConfigFault' } as const;
      return this.#spawn(here, how);
    });
  }

  /** Clears the place unless the VM has arrived. */
  finishIncoming(): Promise<void> {
    return this.exclusively(async () => {
      if (this.record.place !== 'incoming') return;
      if (this.#here()?.isServing) await this.update({ place: 'here', desired: 'poweredOn' });
      else {
        await this.#end();
        await this.update({ place: 'here', desired: 'poweredOff' });
      }
    });
  }

  async #look(): Promise<void> {
    const { desired, place } = this.record;
    const here = this.#here();
    if (place === 'incoming') {
      if (here?.isServing) await this.update({ place: 'here', desired: 'poweredOn' });
      return;
    }
    if (desired !== 'poweredOn') {
      if (here) await this.#end();
      await this.settle();
      return;
    }
    if (here) {
      if (here.isServing && here.world.status().operation === null) await this.settle();
      return;
    }
    if (this.#parts.host.clock.monotonic() < this.#nextAt) return;
    await this.#start();
  }

  async #start(): Promise<void> {
    const { host, onStart, records } = this.#parts;
    try {
      await this.settle();
      records.set(this.vmId, await settlePendingFilters(host, this.record));
      const how = { incoming: false, serves: true, missing: 'CannotOpenDisk' } as const;
      await this.#spawn(this.record.spec, how);
      await this.#ask(OPERATION_LIMIT_MS, (world) => world.open());
      this.#failures = 0;
      onStart(this.vmId, null);
    } catch (thrown) {
      onStart(this.vmId, thrown);
      for (const { process } of this.#parts.worldsOf(this.vmId)) process.kill();
      throw thrown;
    }
  }

  async #withService<T>(spec: VmRunSpec, work: () => Promise<T>): Promise<T> {
    await this.#end();
    try {
      const how = { incoming: false, serves: false, missing: 'CannotOpenDisk' } as const;
      await this.#spawn(spec, how);
      await this.#ask(OPERATION_LIMIT_MS, (world) => world.open());
      return await work();
    } finally {
      await this.#end();
    }
  }

  /** Starts a world and gives it its keys; its disks are not open then. */
  async #spawn(spec: VmRunSpec, how: Parameters<typeof launchOf>[2]): Promise<SimWorld> {
    const { host, keys, spawnWorld } = this.#parts;
    keys.require(this.vmId, spec.disks);
    const launch = await launchOf(host, spec, how);
    const world = spawnWorld(this.vmId, launch);
    if (launch.awaitsKeys) await this.#giveKeys();
    return world;
  }

  async #giveKeys(): Promise<void> {
    const keys = this.#parts.keys.of(this.vmId);
    if (keys.length === 0) return;
    await this.#ask(CALL_LIMIT_MS, async ({ world }) => world.keys.add(keys));
  }

  /** In good order if it can be. */
  async #end(): Promise<void> {
    const world = this.#here();
    if (world) {
      await this.#ask(CALL_LIMIT_MS, (each) => each.stop()).catch(() => world.process.kill());
    }
    while (this.#parts.worldsOf(this.vmId).some(({ process }) => !process.isGone)) {
      for (const { process } of this.#parts.worldsOf(this.vmId)) process.kill();
      await this.#sleep(WATCH_MS);
    }
  }

  /** One that failed to do what was asked of it is asked again after a while. */
  #back(): void {
    this.#failures += 1;
    const now = this.#parts.host.clock.monotonic();
    this.#nextAt = now + Math.min(500 * this.#failures, BACKOFF_MS_MAX);
  }

  #here(): SimWorld | null {
    return this.#parts.worldsOf(this.vmId).findLast(({ alive }) => alive) ?? null;
  }

  async #ask<T>(limitMs: number, work: (world: SimWorld) => Promise<T>): Promise<T> {
    const world = this.#here();
    if (!world) throw new Fault('HostNotReachable', 'The process is not there.');
    const { process: from } = this.#parts;
    return callProcess({ from, to: world.process, limitMs }, () => work(world));
  }

  #sleep(milliseconds: number): Promise<void> {
    const { clock } = this.#parts.process;
    return new Promise((resolve) => clock.after(milliseconds, resolve));
  }
}
