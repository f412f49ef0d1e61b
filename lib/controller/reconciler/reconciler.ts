// One loop for each host that an admin has not disconnected; loops come and go with the host rows.
import { sleep } from '../../base/clock.ts';
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import type { Change } from '../changes/follow-changes.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { HostLoop } from './host-loop.ts';

const REFRESH_MS = 5_000;

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
  readonly #reports = new Map<string, HostReport>();
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
    await Promise.all([...this.#entries.values()].map(({ loop }) => loop.reconsider()));
  }

  #start(host: Host): void {
    const { services, onJoining } = this.#options;
    const stop = new AbortController();
    const logger = services.logger.child({ host: host.name });
    const loop = new HostLoop({
      services: { ...services, logger },
      host,
      reports: this.#reports,
      onJoining,
      signal: stop.signal,
    });
    this.#entries.set(host.id, { loop, stop, done: loop.run(), address: addressOf(host) });
  }
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
