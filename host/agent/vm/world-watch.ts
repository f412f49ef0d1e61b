// Watches a VM's process for what it cannot say itself: that a filter loops or waits and nobody is
// answered, or that it takes more memory than it may. Such a process is ended, and why is kept for
// whoever looks after the VM.
import { readFile } from 'node:fs/promises';
import type { Json } from '#lib/base/json.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB, WATCHDOG_MS } from '#lib/model/limits.ts';
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import type { ProcessIdentity } from '../../datastore/process-identity.ts';
import { isSilence } from '../../world/control-link.ts';
import type { WorldClient } from '../../world/world-client.ts';
import type { HostContext } from '../host-context.ts';
import { type Wait, whatItWaitsFor } from './blocked-world.ts';
import { whatItDoes } from './stuck-world.ts';
import { ensureEnded } from './world-process.ts';

/** While nobody else asks it, it is asked this often, in milliseconds. */
const ASK_AGAIN_MS = 3_000;
/**
 * Of its silence it must have spent so much computing, or it waits for something. Little, because
 * on a busy machine it gets little; what waits computes nothing at all.
 */
const BUSY_SHARE = 0.05;
/** As the kernel counts processor time and memory, where Linux runs today. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

export interface WatchedWorld {
  host: Pick<HostContext, 'clock' | 'logger' | 'troubleOf'>;
  client: WorldClient;
  vmName(): string;
  /** The process that is to be watched; null when there is none. */
  process(): ProcessIdentity | null;
  /** Names of the filters on the VM's disks. */
  filters(): string[];
  memoryMaxMib(): number;
  /** `WATCHDOG_MS` unless a test says otherwise. */
  watchdogMs?: number;
}

interface Usage {
  cpuMs: number;
  residentBytes: number;
}

export class WorldWatch {
  readonly #world: WatchedWorld;
  #looking = false;
  #answeredAt = 0;
  #pid = 0;
  /** Since when it does not answer, and its processor time then. */
  #silence: { since: number; cpuMs: number } | null = null;
  #end: Fault | null = null;
  #trouble: VmTrouble | null = null;

  constructor(world: WatchedWorld) {
    this.#world = world;
  }

  get #limitMs(): number {
    return this.#world.watchdogMs ?? WATCHDOG_MS;
  }

  /** What is wrong with it while it still runs; null when nothing is. */
  get trouble(): VmTrouble | null {
    return this.#trouble;
  }

  /** It has answered somebody. */
  answered(): void {
    this.#answeredAt = this.#world.host.clock.monotonic();
    this.#silence = null;
    this.#trouble = null;
  }

  /** It said itself why it ends. */
  said(fault: Fault): void {
    this.#end ??= fault;
  }

  /** Why the process was ended, once. */
  takeEnd(): Fault | null {
    const end = this.#end;
    this.#end = null;
    return end;
  }

  /** To be called about once a second. Returns at once while the last look goes on. */
  tick(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#look()
      .catch((err: unknown) => this.#world.host.logger.warn({ err }, 'watching a VM failed'))
      .finally(() => {
        this.#looking = false;
      });
  }

  async #look(): Promise<void> {
    const who = this.#world.process();
    if (who === null) return;
    if (who.pid !== this.#pid) this.answered();
    this.#pid = who.pid;
    const usage = await usageOf(who.pid);
    if (usage === null) return;
    const maxMib = this.#world.memoryMaxMib();
    if (usage.residentBytes > maxMib * MIB) {
      return this.#kill(who, this.#tooLarge(usage.residentBytes, maxMib));
    }
    const { clock } = this.#world.host;
    if (clock.monotonic() - this.#answeredAt < ASK_AGAIN_MS) return;
    if (await this.#answers()) return this.answered();
    await this.#judgeSilence(who, usage);
  }

  /** Also true while it does not listen yet, or has ended: it is not silent then. */
  async #answers(): Promise<boolean> {
    try {
      await this.#world.client.status();
      return true;
    } catch (thrown) {
      return !isSilence(thrown);
    }
  }

  async #judgeSilence(who: ProcessIdentity, before: Usage): Promise<void> {
    const now = this.#world.host.clock.monotonic();
    this.#silence ??= { since: this.#answeredAt, cpuMs: before.cpuMs };
    const silentMs = now - this.#silence.since;
    if (silentMs < this.#limitMs) return;
    const usage = await usageOf(who.pid);
    if (usage === null) return;
    const busyMs = usage.cpuMs - this.#silence.cpuMs;
    if (busyMs < (now - this.#answeredAt - ASK_AGAIN_MS) * BUSY_SHARE) {
      const wait = await whatItWaitsFor(who.pid, this.#world.host.clock);
      if (wait !== null && !(await this.#answers())) {
        return this.#kill(who, this.#blocked(wait));
      }
      const message = 'The process does not answer: it waits for storage.';
      this.#trouble = { kind: 'storage', message };
      return;
    }
    await this.#kill(who, await this.#looping(who));
  }

  async #looping({ pid }: ProcessIdentity): Promise<Fault> {
    const { vmName, host } = this.#world;
    const doing = await whatItDoes(pid, host.clock);
    const ended = `The process of the virtual machine ${vmName()} was ended`;
    const seconds = Math.round(this.#limitMs / 1000);
    if (doing === null) {
      const suspects = listOf(this.#world.filters());
      const message = `${ended}: it did not answer for ${seconds} s. ${suspects}`;
      return new Fault('SystemError', message.trimEnd());
    }
    const { filter, operation, disk } = doing;
    const where = disk === null || disk === '' ? '' : ` on disk ${disk}`;
    const message = `${ended}: the I/O filter ${filter} looped in ${operation}${where}.`;
    return new Fault('FilterFault', message, { data: { filter, operation } });
  }

  /** Which filter it was cannot be asked: only its own code would answer. */
  #blocked(wait: Wait): Fault {
    const filters = [...new Set(this.#world.filters())];
    const ended = `The process of the virtual machine ${this.#world.vmName()} was ended`;
    const seconds = Math.round(this.#limitMs / 1000);
    const [filter, ...others] = filters;
    if (filter === undefined || others.length > 0) {
      const message = `${ended}: it waited ${wait} for ${seconds} s. ${listOf(filters)}`;
      return new Fault(filter === undefined ? 'SystemError' : 'FilterFault', message.trimEnd());
    }
    const message = `${ended}: the I/O filter ${filter} had it wait ${wait} for ${seconds} s.`;
    return new Fault('FilterFault', message, { data: { filter, operation: 'wait' } });
  }

  #tooLarge(residentBytes: number, maxMib: number): Fault {
    const filters = this.#world.filters();
    const size = `${Math.round(residentBytes / MIB)} MiB, more than its limit of ${maxMib} MiB`;
    const ended = `The process of the virtual machine ${this.#world.vmName()} was ended`;
    const message = `${ended}: it took ${size}. ${listOf(filters)}`.trimEnd();
    // Of several nobody knows which one it was.
    const [filter, ...others] = [...new Set(filters)];
    const data: Record<string, Json> = others.length > 0 || !filter ? {} : { filter };
    return new Fault(filters.length > 0 ? 'FilterFault' : 'SystemError', message, { data });
  }

  async #kill(who: ProcessIdentity, why: Fault): Promise<void> {
    this.#end = why;
    this.#silence = null;
    this.#trouble = this.#world.host.troubleOf(why);
    await ensureEnded(who, this.#world.host.clock, 0);
  }
}

function listOf(filters: readonly string[]): string {
  const names = [...new Set(filters)];
  if (names.length === 0) return '';
  if (names.length === 1) return `Its only I/O filter is ${names[0]}.`;
  return `Its I/O filters are ${names.join(', ')}.`;
}

/** From /proc; null when the process is gone. */
async function usageOf(pid: number): Promise<Usage | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (stat === '') return null;
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  return { cpuMs: (user + system) * TICK_MS, residentBytes: Number(fields[21]) * PAGE_BYTES };
}
