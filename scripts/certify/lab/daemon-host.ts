// One host of the certification, as far as a filter's daemon sees it: the daemon runs in a process
// of its own, is started again when it ends, and has an address of the loopback network to itself.
import { mkdir, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { type DaemonSource, FilterDaemons } from '#host/filter-daemon/filter-daemons.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { Failure } from './trial.ts';

const TICK_MS = 200;
const READY_MS = 30_000;
const POLL_MS = 50;

export interface DaemonHostParts {
  source: DaemonSource;
  name: string;
  /** Where its `network.listen` waits: `127.0.0.77`. */
  address: string;
  folder: string;
}

export class DaemonHost {
  readonly name: string;
  readonly address: string;
  /** Where the disks' lines connect. */
  readonly socketPath: string;
  readonly #daemons: FilterDaemons;
  readonly #filter: string;
  readonly #logPath: string;
  readonly #timer: NodeJS.Timeout;
  #ends = 0;
  #excused = 0;
  #cutsSeen = 0;

  private constructor({ source, name, address, folder }: DaemonHostParts) {
    this.name = name;
    this.address = address;
    this.#filter = source.manifest.name;
    this.#logPath = path.join(folder, `daemon-${this.#filter}.log`);
    this.#daemons = new FilterDaemons({
      ...{ clock: systemClock, runtime: folder, logs: folder, networkAddress: address },
      installed: () => [source],
      host: () => ({ id: name, name }),
      onEvent: () => {
        this.#ends += 1;
      },
    });
    this.socketPath = this.#daemons.socketPathOf(this.#filter);
    this.#timer = setInterval(() => this.#daemons.tick(), TICK_MS);
  }

  /** Does not wait for it to be ready. */
  static async start(parts: DaemonHostParts): Promise<DaemonHost> {
    const folder = path.join(parts.folder, parts.name);
    await mkdir(folder, { recursive: true });
    const host = new DaemonHost({ ...parts, folder });
    host.#daemons.tick();
    return host;
  }

  /** Null while there is no process. */
  get pid(): number | null {
    return this.#daemons.pids.get(this.#filter) ?? null;
  }

  /** Throws Failure when it does not take its disks' lines in time, or ends before. */
  async ready(): Promise<void> {
    const ends = this.#ends;
    for (let waitedMs = 0; waitedMs < READY_MS; waitedMs += POLL_MS) {
      if (await connects(this.socketPath)) return;
      if (this.#ends > ends) throw new Failure(`The daemon does not start: ${await this.why()}`);
      await pause(POLL_MS);
    }
    throw new Failure(`The daemon takes no lines of disks within ${READY_MS / 1000} s.`);
  }

  /** kill -9, which is not its fault. */
  async kill(): Promise<void> {
    const { pid } = this;
    if (pid === null) return;
    this.#excused += 1;
    process.kill(pid, 'SIGKILL');
    while (this.pid === pid) await pause(POLL_MS);
  }

  /** Throws Failure when it has ended by itself since the last call. */
  async requireWhole(when: string): Promise<void> {
    const unexcused = this.#ends - this.#excused;
    this.#ends = this.#excused = 0;
    if (unexcused <= 0) return;
    throw new Failure(`The daemon ended by itself ${when}: ${await this.why()}`);
  }

  /** Throws Failure when a listener has thrown since the last call: its connection was cut off. */
  async requireNoThrows(when: string): Promise<void> {
    const [first] = await this.freshCuts();
    if (first !== undefined) throw new Failure(`A listener of the daemon threw ${when}: ${first}`);
  }

  /** Why connections were cut off since the last call. */
  async freshCuts(): Promise<string[]> {
    const text = await readFile(this.#logPath, 'utf8').catch(() => '');
    const cuts = [...text.matchAll(/"msg":"connection cut off: ((?:[^"\\]|\\.)*)"/g)];
    const fresh = cuts.slice(this.#cutsSeen);
    this.#cutsSeen = cuts.length;
    return fresh.map(([, why = '']) => why);
  }

  /** The last error of its log. */
  async why(): Promise<string> {
    const text = await readFile(this.#logPath, 'utf8').catch(() => '');
    const last = text.split('\n').findLast((line) => /"level":(50|60)/.test(line));
    const message = last && /"msg":"((?:[^"\\]|\\.)*)"/.exec(last)?.[1];
    return message || 'it said nothing';
  }

  /** Tells it to stop, and returns after how many milliseconds it was gone. */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    const startedAt = performance.now();
    await this.#daemons.stop();
    return performance.now() - startedAt;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function connects(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
