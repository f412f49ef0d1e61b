// The filter's daemon, in a process of its own on each of two hosts: it lives as long as its host
// wants it, its disk does not depend on it, it listens where it may, and it bears strangers.
import path from 'node:path';
import { MIB } from '#lib/model/limits.ts';
import { type Check, type CheckContext, type Outcome, startTrial } from '../check.ts';
import { type DaemonHost, pause } from '../lab/daemon-host.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { LineProxy } from '../lab/line-proxy.ts';
import { listeningSockets, openConnections, residentBytes } from '../lab/process-sockets.ts';
import { steadyLoad } from '../lab/steady-load.ts';
import { meetStrangers } from '../lab/strangers.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 16;
const IDLE_MS = 2_000;
/** What a daemon may say to an idle disk in that time. */
const IDLE_BYTES_MAX = 2 * MIB;
const MEMORY_ROUNDS = 3;
/** In one round; more than the noise of a garbage collector. */
const ROUND_GROWTH_BYTES_MAX = 12 * MIB;
const STOP_MS = 5_000;
const CUTS = 3;
const HELD_MS = 1_000;
const BACK_MS = 30_000;

export const daemonCheck: Check = {
  id: 'daemon',
  title: 'The daemon, and its channel to other hosts',
  async run(context: CheckContext): Promise<Outcome> {
    const { daemons } = context;
    if (daemons === null) return { notes: ['It brings no daemon.'] };
    const visit = await Visit.begin(context, daemons.hosts);
    try {
      await visit.idle();
      await visit.listening();
      await visit.work();
      await visit.brokenLine();
      await visit.killedDaemons();
      await visit.strangers();
      await visit.memory();
      await visit.listening();
    } finally {
      visit.end();
    }
    await stopsInTime(context);
    return { numbers: visit.numbers };
  },
};

class Visit {
  readonly numbers: Record<string, number> = {};
  readonly #context: CheckContext;
  readonly #hosts: readonly DaemonHost[];
  readonly #proxy: LineProxy;
  readonly #trial: Trial;
  readonly #load: DiskLoad;

  private constructor(
    context: CheckContext,
    parts: { hosts: readonly DaemonHost[]; proxy: LineProxy; trial: Trial },
  ) {
    this.#context = context;
    this.#hosts = parts.hosts;
    this.#proxy = parts.proxy;
    this.#trial = parts.trial;
    this.#load = new DiskLoad(parts.trial, context.random);
  }

  static async begin(context: CheckContext, hosts: readonly DaemonHost[]): Promise<Visit> {
    for (const host of hosts) await host.ready();
    const socketPath = path.join(context.harness.directory, 'line.sock');
    const proxy = await LineProxy.start(socketPath, hosts[0]?.socketPath ?? '');
    const launch = { ...context.candidate.launch, daemonSocketPath: socketPath };
    const trial = await startTrial(context, { launch });
    return new Visit(context, { hosts, proxy, trial });
  }

  end(): void {
    this.#proxy.stop();
  }

  /** A disk that does nothing has nothing to be told without end. */
  async idle(): Promise<void> {
    await pause(IDLE_MS);
    const before = this.#proxy.fromDaemon;
    await pause(IDLE_MS);
    const bytes = this.#proxy.fromDaemon - before;
    if (bytes > IDLE_BYTES_MAX) {
      const said = `${Math.round(bytes / MIB)} MiB in ${IDLE_MS / 1000} s`;
      throw new Failure(`The daemon floods its line: ${said}, to a disk without any I/O.`);
    }
    await this.#requireWell('beside an idle disk');
  }

  /** By the framework, at the address that its host has for it, and nowhere else. */
  async listening(): Promise<void> {
    for (const { pid, address } of this.#hosts) {
      if (pid === null) continue;
      for (const socket of await listeningSockets(pid)) {
        if (socket.protocol === 'tcp' && socket.address === address) continue;
        const where = `${socket.protocol} ${socket.address}:${socket.port}`;
        throw new Failure(
          `The daemon listens on ${where}. It may wait for others by \`network.listen\` alone, ` +
            `which waits at the address of its host (${address}).`,
        );
      }
    }
  }

  async work(): Promise<void> {
    await this.#run('A read', this.#context.effort.operations / 6);
    await this.#requireWell('while its disk worked');
    const { pid } = this.#hosts[0] ?? { pid: null };
    this.numbers.bytesFromDisk = this.#proxy.fromDisk;
    this.numbers.bytesFromDaemon = this.#proxy.fromDaemon;
    this.numbers.connections = pid === null ? 0 : await openConnections(pid);
  }

  /** Cut again and again, then held up so that it fills. */
  async brokenLine(): Promise<void> {
    const operations = this.#context.effort.operations / 12;
    for (let cut = 0; cut < CUTS; cut++) {
      const running = this.#run('While its line was cut, a read', operations);
      // Awaited below; a rejection before that is not lost.
      running.catch(() => undefined);
      await pause(HELD_MS / 10);
      this.#proxy.cut();
      await running;
    }
    this.#proxy.hold(true);
    const running = this.#run('While its line was held up, a read', operations);
    running.catch(() => undefined);
    await pause(HELD_MS);
    await running.finally(() => this.#proxy.hold(false));
    await this.#requireWell('when its line was cut or held up');
  }

  /** Here, and on the other host. */
  async killedDaemons(): Promise<void> {
    const operations = this.#context.effort.operations / 12;
    for (const host of this.#hosts) {
      const running = this.#run(`While the daemon on ${host.name} was away, a read`, operations);
      // Awaited below; a rejection before that is not lost.
      running.catch(() => undefined);
      await host.kill();
      await running;
      await host.ready();
    }
    await this.#lineIsBack();
    await this.#run('With the daemon back, a read', operations);
    await this.#requireWell('after kill -9 of it or of that on the other host');
    this.numbers.killed = this.#hosts.length;
  }

  /** Who connects to its ports may be anyone. */
  async strangers(): Promise<void> {
    let met = 0;
    for (const host of this.#hosts) {
      if (host.pid === null) continue;
      for (const { port, address } of await listeningSockets(host.pid)) {
        met += await meetStrangers({ host: address, port }, this.#context.random);
        await pause(HELD_MS / 4);
        await host.requireWhole('when a stranger sent it what is none of its messages');
      }
      // That strangers are cut off is right.
      await host.freshCuts();
    }
    this.numbers.strangers = met;
    await this.#run('After strangers came to the daemon, a read', 100);
  }

  /** Garbage that is not collected yet grows for a while; a leak does in every round. */
  async memory(): Promise<void> {
    const ios = this.#context.effort.memoryIos;
    await steadyLoad(this.#trial, { ios: ios / 4, depth: DEPTH, kind: 'mixed' });
    const before = await this.#resident();
    let last = before;
    for (let round = 1; round <= MEMORY_ROUNDS; round++) {
      await steadyLoad(this.#trial, { ios, depth: DEPTH, kind: 'mixed' });
      const now = await this.#resident();
      const grows = now - last > ROUND_GROWTH_BYTES_MAX;
      last = now;
      if (!grows) break;
      if (round < MEMORY_ROUNDS) continue;
      const much = `${Math.round((now - before) / MIB)} MiB over ${round * ios} I/Os`;
      throw new Failure(`The daemon's memory grew by ${much} on the same 4 MiB.`);
    }
    this.numbers.residentMib = Math.round(last / MIB);
    await this.#requireWell('under steady I/O');
    await this.#trial.stop();
  }

  async #run(what: string, operations: number): Promise<void> {
    await this.#load.run({ operations: Math.ceil(operations), depth: DEPTH, what });
  }

  /** The filter connects again by itself; the next I/O shall find it so. */
  async #lineIsBack(): Promise<void> {
    for (let waitedMs = 0; waitedMs < BACK_MS; waitedMs += 50) {
      if (this.#proxy.isJoined) return;
      await pause(50);
    }
    throw new Failure('The line to the daemon does not come back.');
  }

  async #requireWell(when: string): Promise<void> {
    for (const host of this.#hosts) {
      await host.requireWhole(when);
      await host.requireNoThrows(when);
    }
    await this.#trial.requireNoFaults();
  }

  async #resident(): Promise<number> {
    const pid = this.#hosts[0]?.pid ?? null;
    return pid === null ? 0 : residentBytes(pid);
  }
}

/** On a host of its own: what stops does not come back. */
async function stopsInTime(context: CheckContext): Promise<void> {
  const host = await context.daemons?.another('third', '127.0.0.79');
  if (!host) return;
  await host.ready();
  const launch = { ...context.candidate.launch, daemonSocketPath: host.socketPath };
  const trial = await startTrial(context, { launch });
  await steadyLoad(trial, { ios: 100, depth: 4, kind: 'mixed' });
  const took = await host.stop();
  await trial.stop();
  if (took < STOP_MS) return;
  throw new Failure(`The daemon does not end within ${STOP_MS / 1000} s of being told to stop.`);
}
