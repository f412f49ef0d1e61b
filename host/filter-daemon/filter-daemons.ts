// The daemons of a host: one process for each installed filter that brings one, started again with
// back-off when it ends, and ended when its VIB goes.
import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backoffMs } from '#lib/base/backoff.ts';
import type { Clock } from '#lib/base/clock.ts';
import type { DaemonPeers } from '#lib/wire/agent/daemon-rpc.ts';
import type { InstalledFilter } from '../image/host-image.ts';
import { type DaemonLaunch, type DaemonOrder, daemonReportSchema } from './daemon-launch.ts';

const DAEMON_MAIN = fileURLToPath(new URL('./daemon-main.ts', import.meta.url));
const RESTART = { firstMs: 500, maxMs: 30_000 };
/** One that ran for so long has started well: the next restart comes quickly again. */
const STABLE_MS = 60_000;
/** A daemon that has not ended by then is killed, in milliseconds. */
const STOP_MS = 7_000;

/** What is known of a filter that may bring a daemon. */
export type DaemonSource = Pick<InstalledFilter, 'manifest' | 'daemonPath'>;

export interface FilterDaemonsParts {
  clock: Clock;
  /** The filters of the image; those without a daemon are passed over. */
  installed(): readonly DaemonSource[];
  host(): DaemonLaunch['host'];
  flash?(): DaemonLaunch['flash'];
  /** Directories of the sockets and of the logs. */
  runtime: string;
  logs: string;
  networkAddress: string;
  /** A daemon has taken its port for other hosts' daemons. */
  onListening?(): void;
  onEvent(severity: 'info' | 'error', message: string): void;
}

interface Running {
  child: ChildProcess;
  sha256: string;
  startedAt: number;
  /** Where it waits for other hosts' daemons; null as long as it does not. */
  port: number | null;
  ended: Promise<void>;
}

interface Row {
  running: Running | null;
  attempt: number;
  nextTryAt: number;
}

export class FilterDaemons {
  readonly #parts: FilterDaemonsParts;
  readonly #rows = new Map<string, Row>();
  /** By filter. */
  #peers: DaemonPeers = {};
  #stopped = false;

  constructor(parts: FilterDaemonsParts) {
    this.#parts = parts;
  }

  /** Where the lines to a filter's daemon connect. */
  socketPathOf(filter: string): string {
    return join(this.#parts.runtime, `${filter}.dmn`);
  }

  /** Processes by the name of their filter. */
  get pids(): Map<string, number> {
    const running = [...this.#rows].flatMap(([name, row]): [string, number][] =>
      row.running?.child.pid === undefined ? [] : [[name, row.running.child.pid]],
    );
    return new Map(running);
  }

  /** Where they wait for other hosts' daemons. */
  waitingAt(): { filter: string; address: string; port: number }[] {
    const address = this.#parts.networkAddress;
    return [...this.#rows].flatMap(([filter, { running }]) => {
      const port = running?.port ?? null;
      return port === null ? [] : [{ filter, address, port }];
    });
  }

  /** Where those of the other hosts wait, for each filter. */
  setPeers(peers: DaemonPeers): void {
    this.#peers = peers;
    for (const [name, { running }] of this.#rows) if (running) this.#tellPeers(name, running);
  }

  /** Starts what should run and ends what should not. To be called about once a second. */
  tick(): void {
    if (this.#stopped) return;
    const wanted = this.#parts.installed().filter(({ manifest }) => manifest.daemon);
    for (const filter of wanted) this.#look(filter);
    for (const [name, row] of this.#rows) {
      if (wanted.some(({ manifest }) => manifest.name === name)) continue;
      this.#rows.delete(name);
      if (row.running) void this.#end(row.running);
    }
  }

  /** Ends all of them; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const running = [...this.#rows.values()].flatMap((row) => row.running ?? []);
    await Promise.all(running.map((each) => this.#end(each)));
    for (const name of this.#rows.keys()) await rm(this.socketPathOf(name), { force: true });
  }

  #look(filter: DaemonSource): void {
    const { name, daemon } = filter.manifest;
    const row = this.#rows.get(name) ?? { running: null, attempt: 0, nextTryAt: 0 };
    this.#rows.set(name, row);
    const { running } = row;
    if (running !== null) {
      // Another version was installed: its end brings the new one.
      if (running.sha256 !== daemon?.sha256) void this.#end(running);
      return;
    }
    if (this.#parts.clock.monotonic() >= row.nextTryAt) this.#start(filter, row);
  }

  #start({ manifest, daemonPath }: DaemonSource, row: Row): void {
    const { clock, logs, networkAddress, flash } = this.#parts;
    const { name, daemon } = manifest;
    if (!daemon || daemonPath === null) return;
    const launch: DaemonLaunch = {
      ...{ name, entryPath: daemonPath, entrySha256: daemon.sha256, networkAddress },
      socketPath: this.socketPathOf(name),
      host: this.#parts.host(),
      flash: flash?.(),
      logPath: join(logs, `daemon-${name}.log`),
    };
    const child = fork(DAEMON_MAIN, [JSON.stringify(launch)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', resolve);
      child.once('error', () => resolve());
    });
    const startedAt = clock.monotonic();
    const running: Running = { child, sha256: daemon.sha256, startedAt, port: null, ended };
    row.running = running;
    child.on('message', (message) => this.#hear(name, running, message));
    void ended.then(() => this.#ended(name, row, running));
  }

  #hear(name: string, running: Running, message: unknown): void {
    const said = daemonReportSchema.safeParse(message);
    if (!said.success) return;
    if (said.data.ready) this.#tellPeers(name, running);
    if (said.data.listening === undefined) return;
    running.port = said.data.listening;
    this.#parts.onListening?.();
  }

  /** One that has just ended hears nothing. */
  #tellPeers(name: string, { child }: Running): void {
    const { id: hostId } = this.#parts.host();
    const order: DaemonOrder = { hostId, peers: this.#peers[name] ?? [] };
    if (child.connected) child.send(order, () => undefined);
  }

  #ended(name: string, row: Row, { startedAt, sha256 }: Running): void {
    row.running = null;
    const wanted = this.#parts.installed().find(({ manifest }) => manifest.name === name);
    if (this.#stopped || wanted?.manifest.daemon?.sha256 !== sha256) return;
    const now = this.#parts.clock.monotonic();
    if (now - startedAt > STABLE_MS) row.attempt = 0;
    row.nextTryAt = now + backoffMs(RESTART, row.attempt);
    row.attempt += 1;
    this.#parts.onEvent(
      'error',
      `The daemon of the I/O filter ${name} ended unexpectedly; it is started again.`,
    );
  }

  async #end({ child, ended }: Running): Promise<void> {
    child.kill('SIGTERM');
    const timer = this.#parts.clock.after(STOP_MS, () => child.kill('SIGKILL'));
    await ended;
    timer.cancel();
  }
}
