// What stands for the NBD server of a simulated world: a port for each of its disks, and no
// sockets.
import { assert } from '#lib/base/assert.ts';
import type { NbdExport } from '../nbd/nbd-export.ts';
import type { WorldServer } from '../world/world-server.ts';
import { GuestPort } from './guest-port.ts';
import type { SimProcess } from './machine.ts';

export class SimServer implements WorldServer {
  readonly port = 0;
  readonly connections = [];
  readonly tcpDescriptor = null;
  readonly #process: SimProcess;
  readonly #ports = new Map<NbdExport, GuestPort>();
  #open = true;

  constructor(process: SimProcess, exports: readonly NbdExport[]) {
    this.#process = process;
    for (const target of exports) this.addExport(target);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Null when no disk has that name. */
  portOf(name: string): GuestPort | null {
    const found = [...this.#ports].find(([target]) => target.name === name);
    return found?.[1] ?? null;
  }

  /** Takes the guests' connections, and what they have asked and was not begun. */
  takeFrom(other: SimServer): void {
    for (const [{ name }, port] of this.#ports) {
      const before = other.portOf(name);
      if (before !== null) port.takeWaiting(before);
    }
  }

  connectionsOf(): number {
    return 0;
  }

  addExport(target: NbdExport): void {
    this.#ports.set(target, new GuestPort(this.#process, target));
  }

  removeExport(target: NbdExport): Promise<void> {
    this.#ports.get(target)?.close();
    this.#ports.delete(target);
    return Promise.resolve();
  }

  dropClients(): void {
    for (const port of this.#ports.values()) port.drop();
  }

  hold(target?: NbdExport): void {
    for (const port of this.#of(target)) port.hold();
  }

  release(target?: NbdExport): number {
    return this.#of(target).reduce((sum, port) => sum + port.release(), 0);
  }

  inFlight(target?: NbdExport): number {
    return this.#of(target).reduce((sum, port) => sum + port.inFlight(), 0);
  }

  close(): void {
    this.#open = false;
    for (const port of this.#ports.values()) port.close();
  }

  closeTcp(): void {
    // Guests find the VM's newest port by themselves.
  }

  keepWaiting(): void {
    // Nobody is sent away.
  }

  inherit(): void {
    assert(false, 'a simulated world has no sockets to hand over');
  }

  listenTcp(): Promise<number> {
    return Promise.resolve(0);
  }

  listenUnix(): Promise<void> {
    return Promise.resolve();
  }

  repliesSent(): Promise<void> {
    return Promise.resolve();
  }

  #of(target: NbdExport | undefined): GuestPort[] {
    return [...this.#ports].filter(([each]) => (target ?? each) === each).map(([, port]) => port);
  }
}
