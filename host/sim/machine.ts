// Simulated hosts and processes. What a process does reaches the rest of the simulation through its
// clock and its files alone: once it is dead, nothing comes back to it, and so it does nothing.
import type { Clock, Timer } from '#lib/base/clock.ts';
import type { ProcessIdentity, ProcessTable } from '../datastore/process-identity.ts';
import { SimFlash } from './around/flash-store.ts';
import type { Schedule, ScheduledEvent } from './schedule.ts';

/** 2026-01-01T00:00:00Z. */
const WALL_START_MS = 1_767_225_600_000;

/** What one or several hosts run on: there one can prove that another's process is dead. */
export class SimMachine {
  readonly name: string;
  boots = 1;
  pids = 100;
  readonly processes = new Set<SimProcess>();

  constructor(name: string) {
    this.name = name;
  }

  get bootId(): string {
    return `${this.name}-${this.boots}`;
  }
}

export class SimHost {
  readonly name: string;
  readonly schedule: Schedule;
  readonly machine: SimMachine;
  /** Its clocks run so much faster: 1.001. */
  readonly rate: number;
  isUp = true;
  /** Cut off from the datastore. */
  cutOff = false;
  /** Cut off from the controller. */
  unreachable = false;
  wallOffsetMs = 0;
  /** Share of its calls on small files (locks, descriptors) that fail with EIO. */
  smallFileErrors = 0;
  /** Longest delay of its calls, in milliseconds. */
  delayMs = 0;
  readonly flash = new SimFlash();

  constructor(name: string, parts: { schedule: Schedule; machine: SimMachine; rate: number }) {
    this.name = name;
    this.schedule = parts.schedule;
    this.machine = parts.machine;
    this.rate = parts.rate;
  }

  spawn(): SimProcess {
    this.machine.pids += 1;
    const process = new SimProcess(this, this.machine.pids);
    this.machine.processes.add(process);
    return process;
  }

  /**
   * All of its processes are gone at once. A host that has its machine for itself takes what the
   * kernel was doing with it.
   */
  crash(withMachine: boolean): void {
    this.isUp = false;
    for (const process of [...this.machine.processes]) {
      if (process.host !== this) continue;
      process.crashed = withMachine;
      process.kill();
    }
  }
}

export class SimProcess {
  readonly host: SimHost;
  readonly pid: number;
  readonly clock: Clock;
  readonly table: ProcessTable;
  alive = true;
  /** Its machine went down under it. */
  crashed = false;
  /** Calls into the kernel that have not ended: a process with any is not gone yet. */
  #inKernel = 0;
  /** Until then its thread is blocked, or the whole process is stopped. */
  #busyUntil: number;
  readonly #onEnd: (() => void)[] = [];

  constructor(host: SimHost, pid: number) {
    this.host = host;
    this.pid = pid;
    this.#busyUntil = host.schedule.now;
    const monotonic = (): number => this.localNow * host.rate;
    this.clock = {
      monotonic,
      now: () => WALL_START_MS + host.wallOffsetMs + monotonic(),
      after: (milliseconds, callback): Timer =>
        this.run(this.localNow + milliseconds / host.rate, callback),
    };
    this.table = {
      identify: () => Promise.resolve(this.#identify()),
      isProvablyDead: (who) => Promise.resolve(this.#isProvablyDead(who)),
      // Leases alone must do, as between machines.
      end: () => Promise.resolve('unreachable'),
    };
  }

  /** The time as its thread sees it: later than the schedule's while it is blocked. */
  get localNow(): number {
    return Math.max(this.host.schedule.now, this.#busyUntil);
  }

  /** Its thread does nothing for so long. */
  block(milliseconds: number): void {
    this.#busyUntil = this.localNow + milliseconds;
  }

  /** The whole process stands still from now on for so long. */
  stop(milliseconds: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.host.schedule.now + milliseconds);
  }

  /** Runs something in it at that time, or when it is no longer blocked; never when it is dead. */
  run(time: number, callback: () => void): ScheduledEvent {
    const { schedule } = this.host;
    const fire = (): void => {
      if (!this.alive) return;
      if (this.#busyUntil > schedule.now) event = schedule.at(this.#busyUntil, fire);
      else callback();
    };
    let event = schedule.at(time, fire);
    return { cancel: () => event.cancel() };
  }

  onEnd(callback: () => void): void {
    if (this.alive) this.#onEnd.push(callback);
    else callback();
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#leaveWhenGone();
    for (const callback of this.#onEnd) callback();
  }

  /** Nothing that it has begun can have an effect any more. */
  get isGone(): boolean {
    return !this.host.machine.processes.has(this);
  }

  /** A call into the kernel begins; what is returned ends it. */
  enterKernel(): () => void {
    this.#inKernel += 1;
    return () => {
      this.#inKernel -= 1;
      this.#leaveWhenGone();
    };
  }

  #leaveWhenGone(): void {
    if (!this.alive && this.#inKernel === 0) this.host.machine.processes.delete(this);
  }

  #identify(): ProcessIdentity {
    const { pid } = this;
    const { name, bootId } = this.host.machine;
    return { pid, startTicks: String(pid), bootId, pidNamespace: name };
  }

  #isProvablyDead(who: ProcessIdentity): boolean {
    const { name, bootId, processes } = this.host.machine;
    if (who.bootId !== bootId || who.pidNamespace !== name) return false;
    return ![...processes].some(({ pid }) => pid === who.pid);
  }
}
