// Starts the destination's world as a child that inherits our sockets, and speaks to it over its
// control socket.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import { ControlLink } from '../world/control-link.ts';
import { WorldClient } from '../world/world-client.ts';
import type { Destination } from './hand-over.ts';
import type { HandoverState } from './handover-state.ts';

const READY_MS = 20_000;
/** Locks, disks and filters of the whole VM must be open by then, in milliseconds. */
const ACTIVATE_MS = 20_000;
const GO_ON_MS = 5_000;

export interface SpawnParts {
  ticket: HandoverTicket;
  /** What the child inherits as its descriptors 3, 4, … */
  fds: readonly number[];
  /** For the child, where the ticket names no others: where programs are, Node's compile cache. */
  environment: Readonly<Record<string, string>>;
  clock: Clock;
}

export function spawnDestination({ ticket, fds, environment, clock }: SpawnParts): Destination {
  const { file, args, env } = ticket.launch;
  const child = spawn(file, args, {
    env: { NODE_ENV: 'production', ...environment, ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', ...fds],
  });
  return new SpawnedDestination(child, ticket.controlSocketPath, clock);
}

class SpawnedDestination implements Destination {
  readonly #child: ChildProcess;
  readonly #controlSocketPath: string;
  readonly #clock: Clock;
  readonly #exited: Promise<void>;
  #alive = true;
  #link: ControlLink | null = null;

  constructor(child: ChildProcess, controlSocketPath: string, clock: Clock) {
    this.#child = child;
    this.#controlSocketPath = controlSocketPath;
    this.#clock = clock;
    this.#exited = new Promise((resolve) => {
      const over = (): void => {
        this.#alive = false;
        resolve();
      };
      child.on('exit', over);
      child.on('error', over);
    });
  }

  async ready(): Promise<void> {
    const client = new WorldClient({
      controlSocketPath: this.#controlSocketPath,
      clock: this.#clock,
    });
    const isAlive = (): boolean => this.#alive;
    const status = await client.waitUntilReady({ timeoutMs: READY_MS, isAlive });
    // Another process may have been left at the path: what is there must be the one with our
    // sockets.
    if (status.state === 'waiting' && status.pid === this.#child.pid) {
      this.#link = new ControlLink(this.#controlSocketPath, this.#clock);
      return;
    }
    throw new Fault('InvalidState', 'Another process has the place of the virtual machine there.');
  }

  async activate(state: HandoverState): Promise<void> {
    await this.#connected().call('activate', state, ACTIVATE_MS);
  }

  async goOn(): Promise<void> {
    await this.#connected().call('goOn', {}, GO_ON_MS);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.#link?.close();
  }

  detach(): void {
    this.#link?.close();
    this.#child.unref();
  }

  #connected(): ControlLink {
    if (this.#link) return this.#link;
    throw new Fault('InvalidState', 'The destination was not waited for.');
  }
}
