// Keeps one VM in the state that it should be in: starts its world, finds it again after a restart
// of the agent, starts it anew when it died, and ends it. One thing at a time; `tick` looks after
// it in between.
import { Mutex } from '#lib/base/mutex.ts';
import { Fault, fromFaultRecord, toFaultRecord } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import type { HandoverTicket, VmRunSpec, WorldReport } from '#lib/wire/agent/host-rpc.ts';
import { identifyProcess } from '../../datastore/process-identity.ts';
import type { WorldStatus } from '../../world/control.ts';
import type { WorldClient } from '../../world/world-client.ts';
import type { HostContext } from '../host-context.ts';
import { Restarts } from './restarts.ts';
import { settleRecord } from './settle-record.ts';
import { ShownState } from './shown-state.ts';
import type { Settlement } from './vm-intent.ts';
import { specWithFilters, type VmRecord, type VmRecordFile } from './vm-record.ts';
import { askOther, isUnreachable, PHASES, STOP_PATIENCE_MS, WorldHandle } from './world-handle.ts';
import {
  discardState,
  launchFilters,
  launchOf,
  settlePendingFilters,
  specAtHome,
  type WorldPlaces,
  worldPlaces,
} from './world-launch.ts';
import { ensureEnded } from './world-process.ts';
import { WorldReporter } from './world-reporter.ts';
import { WorldWatch } from './world-watch.ts';

export class VmRunner {
  readonly vmId: string;
  readonly places: WorldPlaces;
  readonly world: WorldHandle;
  readonly #host: HostContext;
  readonly #file: VmRecordFile;
  readonly #mutex = new Mutex();
  readonly #reporter: WorldReporter;
  #pending = 0;
  #forgotten = false;
  #status: WorldStatus | null = null;
  readonly #shown: ShownState;
  readonly #restarts = new Restarts();
  readonly #watch: WorldWatch;
  #runningSince = 0;

  constructor(host: HostContext, file: VmRecordFile) {
    this.#host = host;
    this.#file = file;
    this.vmId = file.value.spec.vmId;
    this.places = worldPlaces(host, this.vmId);
    this.world = new WorldHandle({
      ...{ host, places: this.places },
      record: () => this.record,
      update: (change) => this.update(change),
    });
    this.#shown = new ShownState(host.revision);
    this.#reporter = new WorldReporter(host, this.vmId);
    const filters = (): DiskFilter[] => this.record.spec.disks.flatMap((disk) => disk.filters);
    this.#watch = new WorldWatch({
      ...{ host, client: this.client },
      vmName: () => this.record.spec.name,
      process: () => this.record.process,
      filters: () => filters().map(({ name }) => name),
      memoryMaxMib: () => host.worldMemoryMaxMib(filters()),
    });
  }

  /** Calls of the VM's world. */
  get client(): WorldClient {
    return this.world.client;
  }

  get record(): VmRecord {
    return this.#file.value;
  }

  get isRunning(): boolean {
    return this.#shown.value.state === 'running' && this.#status !== null;
  }

  /** Keys have come: the world is given them, and what waited for them is tried at once. */
  async keysCame(): Promise<void> {
    this.#restarts.forget();
    if (await this.world.ask()) await this.world.giveKeys();
    void this.tick();
  }

  /** One at a time, in the order of the calls. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    return this.#mutex.run(work).finally(() => {
      this.#pending -= 1;
    });
  }

  update(change: Partial<VmRecord>): Promise<void> {
    return this.#file.set({ ...this.record, ...change });
  }

  /** Removes the record; the runner must not be used after. */
  async forget(): Promise<void> {
    this.#forgotten = true;
    await this.#file.remove();
    this.show('off');
  }

  show(...how: Parameters<ShownState['show']>): void {
    this.#shown.show(...how);
  }

  /** Looks after the VM. Returns at once while something else is under way with it. */
  async tick(): Promise<void> {
    if (!this.#forgotten) this.#watch.tick();
    if (this.#pending > 0 || this.#forgotten) return;
    await this.exclusively(() => this.#look()).catch((thrown: unknown) => {
      this.#host.logger.error({ vmId: this.vmId, err: thrown }, 'looking after a VM failed');
      this.show('faulted', this.#host.troubleOf(thrown));
    });
  }

  /** Idempotent. When the world cannot start, the VM is off again and the fault is thrown. */
  async powerOn(spec: VmRunSpec): Promise<{ nbdPort: number; nbdSocketPath: string }> {
    const before = this.record;
    if (before.place === 'incoming') await this.#abandonPlace();
    if (before.desired === 'poweredOn' && (await this.#askAndAdopt())) return this.#addresses();
    await this.world.end();
    await this.settle();
    const nbdPort = spec.nbdPort || before.spec.nbdPort;
    const here = { ...(await specAtHome(this.#host, spec)), nbdPort };
    const fresh = { pendingFilters: null, gaveUp: null, gaveUpTrouble: null };
    await this.update({ spec: here, desired: 'poweredOn', ...fresh });
    this.#restarts.forget();
    this.#watch.takeEnd();
    this.show('starting');
    try {
      await this.#start();
    } catch (cause) {
      const thrown = this.#watch.takeEnd() ?? cause;
      await this.world.end();
      await this.update({ desired: before.desired === 'suspended' ? 'suspended' : 'poweredOff' });
      this.show('off', this.#host.troubleOf(thrown));
      throw thrown;
    }
    return this.#addresses();
  }

  /** The world has kept what it must and ends; power on resumes it. */
  async suspended(): Promise<void> {
    await this.update({ desired: 'suspended' });
    await this.stopWorld();
  }

  /**
   * Finishes or undoes what an operation on the VM's files has left, if there is any; waits for one
   * that the world still does. Null when there was nothing.
   */
  async settle(): Promise<Settlement | null> {
    if (this.record.intent === null) return null;
    await this.world.waitUntilIdle();
    const settled = await settleRecord(this.record, this.#host.objects);
    if (settled !== null) await this.update(settled.change);
    return settled?.settlement ?? null;
  }

  /** Idempotent. */
  async powerOff(): Promise<void> {
    if (this.record.place === 'incoming') throw this.#busyMigrating();
    const { desired } = this.record;
    await this.update({ desired: 'poweredOff', handingOverTo: null });
    await this.stopWorld();
    if (desired === 'suspended') await discardState(this.#host, this.record.spec);
    this.#host.keys.forget(this.vmId);
  }

  /** Ends the world but leaves the desired state, as a host that shuts down does. */
  async stopWorld(): Promise<void> {
    this.show('stopping');
    await this.world.end();
    this.#status = null;
    this.show('off');
  }

  /** For the end of the agent: the world is stopped, and the runner does not start it again. */
  async shutDown(): Promise<void> {
    this.#forgotten = true;
    await this.world.end();
  }

  /** Whether a disk of the VM uses the filter, in its record or in the running world. */
  usesFilter(name: string): boolean {
    const disks = [...this.record.spec.disks, ...(this.#status?.disks ?? [])];
    return disks.some(({ filters }) => filters.some((filter) => filter.name === name));
  }

  /**
   * Changes the filters of a disk of the running world, or throws and leaves everything as it was.
   */
  async setFilters(
    diskKey: number,
    filters: DiskFilter[],
  ): Promise<{ pauseMs: number; heldIos: number }> {
    const launch = launchFilters(this.#host, filters);
    await this.update({ pendingFilters: { diskKey, filters } });
    try {
      const result = await this.client.setDiskFilters(diskKey, launch);
      const spec = specWithFilters(this.record.spec, diskKey, filters);
      await this.update({ spec, pendingFilters: null });
      return result;
    } catch (thrown) {
      // A world that does not answer may have made the change: its descriptor will tell.
      if (!isUnreachable(thrown)) await this.update({ pendingFilters: null });
      throw thrown;
    } finally {
      await this.#askAndAdopt();
    }
  }

  /** Hands the world over. On a fault the VM runs on here, unless the world itself is gone. */
  async handOver(ticket: HandoverTicket) {
    await this.update({ handingOverTo: ticket.controlSocketPath });
    this.show('migratingOut');
    try {
      const result = await this.client.handOver(ticket);
      const { process } = this.record;
      if (process) await ensureEnded(process, this.#host.clock, STOP_PATIENCE_MS);
      return result;
    } catch (thrown) {
      if (!isUnreachable(thrown)) await this.update({ handingOverTo: null });
      await this.#askAndAdopt();
      const { fault, message } = toFaultRecord(thrown);
      if (fault === 'MigrationFault') throw thrown;
      throw new Fault('MigrationFault', `The migration failed: ${message}`, { cause: thrown });
    }
  }

  /** Asks the world how it is, after it has changed something. */
  async look(): Promise<void> {
    await this.#askAndAdopt();
  }

  /** Whether a VM that was on its way in runs here now. */
  async hasArrived(): Promise<boolean> {
    await this.#askAndAdopt();
    return this.record.place === 'here' && this.record.desired === 'poweredOn';
  }

  report(): WorldReport {
    const { spec, desired, place } = this.record;
    const status = this.#shown.value.state === 'off' ? null : this.#status;
    return {
      vmId: this.vmId,
      powerState: place === 'here' ? desired : 'poweredOff',
      ...this.#shown.value,
      pid: status?.pid ?? null,
      nbdPort: status?.nbdPort || spec.nbdPort,
      nbdSocketPath: this.places.nbdSocketPath,
      disks: status?.disks ?? [],
    };
  }

  /** Asks the world and takes in what it says; false when it is not there or not working. */
  async #askAndAdopt(): Promise<boolean> {
    const status = await this.world.ask();
    if (!status) return false;
    this.#watch.answered();
    if (status.state === 'faulted') {
      if (status.fault) this.#watch.said(fromFaultRecord(status.fault));
      // It has said all that it can.
      const { process } = this.record;
      if (process?.pid === status.pid) await ensureEnded(process, this.#host.clock, 0);
      return false;
    }
    await this.#adopt(status);
    return true;
  }

  async #adopt(status: WorldStatus): Promise<void> {
    const { spec, process: known } = this.record;
    if (known?.pid !== status.pid || spec.nbdPort !== (status.nbdPort || spec.nbdPort)) {
      const process = await identifyProcess(status.pid);
      const nbdPort = status.nbdPort || spec.nbdPort;
      await this.update({ process, spec: { ...spec, nbdPort } });
    }
    const arrived = this.record.place === 'incoming' && status.state === 'running';
    if (arrived) await this.update({ place: 'here', desired: 'poweredOn' });
    if (JSON.stringify(status) !== JSON.stringify(this.#status)) this.#host.revision.bump();
    if (this.#shown.value.state !== 'running') this.#runningSince = this.#host.clock.monotonic();
    this.#status = status;
    this.show(PHASES[status.state], await this.#reporter.take(status, this.record.spec));
  }

  async #look(): Promise<void> {
    const { desired, place, handingOverTo, gaveUp, gaveUpTrouble } = this.record;
    if (place === 'incoming') {
      if (!(await this.#askAndAdopt())) this.show('migratingIn');
      return;
    }
    if (desired !== 'poweredOn') {
      if (await this.world.isAlive()) await this.stopWorld();
      await this.settle();
      return;
    }
    if (await this.#askAndAdopt()) {
      if (this.#status?.operation === null) await this.settle();
      return;
    }
    if (await this.world.isAlive()) {
      const silent = { kind: 'other', message: 'The process does not answer.' } as const;
      return this.show(this.#shown.value.state, this.#watch.trouble ?? silent);
    }
    if (gaveUp !== null) return this.show('faulted', gaveUpTrouble, gaveUp);
    if (handingOverTo !== null && (await this.#hasMovedTo(handingOverTo))) return;
    await this.#restart();
  }

  /**
   * After a crash in the middle of a handover: true while the other world has the VM or may still
   * get it.
   */
  async #hasMovedTo(controlSocketPath: string): Promise<boolean> {
    const other = await askOther(this.#host, controlSocketPath);
    if (other === 'not') await this.update({ handingOverTo: null });
    if (other === 'has') {
      await this.update({ desired: 'poweredOff', handingOverTo: null, process: null });
      this.show('off', null, 'The virtual machine has moved to another host.');
    }
    return other !== 'not';
  }

  async #restart(): Promise<void> {
    const { clock, events } = this.#host;
    const now = clock.monotonic();
    const why = this.#watch.takeEnd();
    const ended = this.#shown.value.state === 'running' || why !== null;
    if (ended && !(await this.#ended(why, now))) return;
    if (!this.#restarts.isDue(now)) return;
    try {
      await this.#start();
      this.#restarts.started();
      const message = `The virtual machine ${this.record.spec.name} was started again.`;
      await events.add({ type: 'VmRestarted', severity: 'info', message, vmId: this.vmId });
    } catch (thrown) {
      await this.world.end();
      this.show('faulted', this.#host.troubleOf(thrown));
      this.#restarts.failed(clock.monotonic());
    }
  }

  /** The process has ended unexpectedly. False when it is not to be started again. */
  async #ended(why: Fault | null, now: number): Promise<boolean> {
    const { events } = this.#host;
    const { name } = this.record.spec;
    const unexpected = `The process of the virtual machine ${name} ended unexpectedly.`;
    const trouble = this.#host.troubleOf(why ?? new Fault('SystemError', unexpected));
    const { message } = trouble;
    this.show('faulted', trouble);
    const again = this.#restarts.ended(now, now - this.#runningSince);
    const vmId = this.vmId;
    await events.add({ type: 'VmWorldEnded', severity: 'error', message, vmId });
    if (again) return true;
    const rest = 'It has ended too often and is not started again; power it on to try again.';
    const gaveUp = `${message} ${rest}`;
    await this.update({ gaveUp, gaveUpTrouble: trouble });
    this.show('faulted', trouble, gaveUp);
    const text = `The virtual machine ${name} is not started again. ${message}`;
    await events.add({ type: 'VmRestartGivenUp', severity: 'error', message: text, vmId });
    return false;
  }

  async #start(): Promise<void> {
    await this.settle();
    await this.#file.set(await settlePendingFilters(this.#host, this.record));
    const how = { incoming: false, serves: true, missing: 'CannotOpenDisk' } as const;
    const launch = await launchOf(this.#host, this.record.spec, how);
    const { status, over } = await this.world.begin(launch);
    await this.#adopt(status);
    void over.then(() => this.tick());
  }

  /** A place that was kept for a migration which never came to its end is free. */
  async #abandonPlace(): Promise<void> {
    if ((await this.world.ask()) || (await this.world.isAlive())) throw this.#busyMigrating();
    await this.update({ place: 'here', process: null });
  }

  #addresses(): { nbdPort: number; nbdSocketPath: string } {
    const { nbdPort } = this.report();
    return { nbdPort, nbdSocketPath: this.places.nbdSocketPath };
  }

  #busyMigrating(): Fault {
    return new Fault('TaskInProgress', 'The virtual machine is being migrated to this host.');
  }
}
