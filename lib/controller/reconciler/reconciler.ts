// One loop for each host that an admin has not disconnected; loops come and go with the host rows.
import { sleep } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import type { Change } from '../changes/follow-changes.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { ChangedObjects } from './changed-objects.ts';
import { HostLoop } from './host-loop.ts';

const REFRESH_MS = 5_000;
/**
 * So many hosts are looked at again each time whatever has happened, in turn, beside those of which
 * something has changed: all of a small inventory, and a part of a thousand.
 */
const LOOKED_AT_AGAIN = 50;

/**
 * So many reports are written at once: when a thousand hosts connect, the database still has room
 * for tasks, and none waits for so long that it gives up.
 */
const LANES = 8;

export interface ReconcilerOptions {
  services: TaskServices;
  /** Asks for the filters of the cluster that a host has joined. */
  onJoining: (host: Host, filterIds: string[]) => Promise<void>;
  signal: AbortSignal;
}

interface Entry {
  loop: HostLoop;
  stop: AbortController;
  done: Promise<void>;
  address: string;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = Array.from({ length: LANES }, () => new Mutex());
  #started = 0;
  readonly #reports = new Map<string, HostReport>();
  /** Hosts, VMs and tasks that have changed since they were looked at. */
  readonly #changed = new ChangedObjects();
  #turn = 0;
  #wake = new AbortController();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { services, signal } = this.#options;
    const stop = () => this.#wake.abort();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#refresh();
      } catch (error) {
        services.logger.warn({ err: error }, 'could not read the hosts');
      }
      if (!signal.aborted) await sleep(services.clock, REFRESH_MS, this.#wake.signal);
    }
    signal.removeEventListener('abort', stop);
    for (const { stop: end } of this.#entries.values()) end.abort();
    await Promise.all([...this.#entries.values()].map(({ done }) => done));
  }

  /** Hosts that were added, connected or disconnected are seen at once. */
  onChanges(changes: Change[]): void {
    for (const { object, path } of changes) {
      if (CONCERNED.test(object) && !NUMBERS.has(path)) this.#changed.add(object);
    }
    if (changes.some(({ object, path }) => object.startsWith('host-') && WAKING.has(path))) {
      this.#wake.abort();
    }
  }

  async #refresh(): Promise<void> {
    const { services } = this.#options;
    const hosts = await services.db.host.findMany({
      where: { connectionState: { not: 'disconnected' } },
    });
    const wanted = new Map(hosts.map((host) => [host.id, host]));
    for (const [id, { stop, address }] of this.#entries) {
      const host = wanted.get(id);
      if (host && addressOf(host) === address) continue;
      stop.abort();
      this.#entries.delete(id);
    }
    for (const host of hosts) if (!this.#entries.has(host.id)) this.#start(host);
    const chosen = await this.#chooseHosts();
    await Promise.all(chosen.map((id) => this.#reconsider(id)));
  }

  async #reconsider(hostId: string): Promise<void> {
    try {
      await this.#entries.get(hostId)?.loop.reconsider();
    } catch (thrown) {
      // Among a thousand its next turn is far off.
      this.#changed.add(hostId);
      throw thrown;
    }
  }

  /** Those of which something has changed, and some of the others in turn. */
  async #chooseHosts(): Promise<string[]> {
    const all = [...this.#entries.keys()];
    if (all.length <= LOOKED_AT_AGAIN) {
      this.#changed.clear();
      return all;
    }
    const changed = await this.#changed.take((ids) => hostsOf(this.#options.services, ids));
    const from = this.#turn % all.length;
    this.#turn = from + LOOKED_AT_AGAIN;
    const some = [...all, ...all].slice(from, from + LOOKED_AT_AGAIN);
    return [...new Set([...some, ...changed])];
  }

  #start(host: Host): void {
    const { services, onJoining } = this.#options;
    const stop = new AbortController();
    const logger = services.logger.child({ host: host.name });
    const lane = this.#lanes[this.#started % LANES] ?? new Mutex();
    this.#started += 1;
    const loop = new HostLoop({
      services: { ...services, logger },
      ...{ host, lane },
      reports: this.#reports,
      onJoining,
      signal: stop.signal,
    });
    this.#entries.set(host.id, { loop, stop, done: loop.run(), address: addressOf(host) });
  }
}

/** Hosts, VMs, and tasks, while which their VM is left alone. */
const CONCERNED = /^(host|vm|task)-/;
/** What changes often and gives no host anything to do. */
const NUMBERS = new Set(['cpuUsage', 'connections', 'progress', 'vms', 'tags', 'customValues']);

async function hostsOf({ db }: TaskServices, objects: readonly string[]): Promise<string[]> {
  const tasks = objects.filter((id) => id.startsWith('task-'));
  const targets =
    tasks.length === 0
      ? []
      : await db.task.findMany({ where: { id: { in: tasks } }, select: { targetId: true } });
  const named = [...objects, ...targets.map(({ targetId }) => targetId)];
  const vmIds = named.filter((id) => id.startsWith('vm-'));
  const vms =
    vmIds.length === 0
      ? []
      : await db.vm.findMany({ where: { id: { in: vmIds } }, select: { hostId: true } });
  return [...named.filter((id) => id.startsWith('host-')), ...vms.map(({ hostId }) => hostId)];
}

const WAKING = new Set([
  'created',
  'deleted',
  'agentUrl',
  'connectionState',
  'maintenanceState',
  'datastores',
]);

function addressOf({ agentUrl, agentToken }: Host): string {
  return `${agentUrl} ${agentToken}`;
}
