// The destination's half of a live migration: waits with its filters loaded, takes what the source
// hands over, and serves the clients once the source has let go. docs/adr/0003-handover.md.
import { closeSync } from 'node:fs';
import { assert } from '#lib/base/assert.ts';
import { Fault } from '#lib/model/fault.ts';
import type { NbdServer } from '../nbd/nbd-server.ts';
import {
  decodeConnection,
  decodeFilterStates,
  type FilterStates,
  type HandoverState,
} from './handover-state.ts';

export interface TakeOverParts {
  /** Takes the locks and opens the disks with their filters' states; all or none. */
  openDisks(states: FilterStates): Promise<void>;
  /** The server of the opened disks. */
  server(): Pick<NbdServer, 'hold' | 'release' | 'inherit' | 'listenTcp' | 'listenUnix'>;
  nbdSocketPath: string;
  /** The clients are served from now on. */
  onServing(): void;
  log(level: 'info' | 'warning' | 'error', message: string): void;
}

export class TakeOver {
  readonly #parts: TakeOverParts;
  #step: 'waiting' | 'activating' | 'ready' | 'serving' = 'waiting';
  #sourceGone = false;

  constructor(parts: TakeOverParts) {
    this.#parts = parts;
  }

  /**
   * Takes locks, disks and connections; nothing is read from a client yet. When the source's
   * connection closes after that, the source is dead (had it wanted the VM back, it would have
   * ended us), and we go on.
   */
  async activate(state: HandoverState): Promise<void> {
    if (this.#step !== 'waiting') {
      throw new Fault('InvalidState', 'The virtual machine was handed over before.');
    }
    this.#step = 'activating';
    const { openDisks, nbdSocketPath } = this.#parts;
    await openDisks(decodeFilterStates(state.filterStates));
    const server = this.#parts.server();
    server.hold();
    for (const fd of state.unusedFds) closeSync(fd);
    for (const connection of state.connections) {
      server.inherit(connection.fd, decodeConnection(connection));
    }
    if (state.listenerFd !== null) await server.listenTcp({ fd: state.listenerFd });
    await server.listenUnix(nbdSocketPath);
    this.#step = 'ready';
    if (this.#sourceGone) this.goOn();
  }

  /** Serves the clients. */
  goOn(): void {
    if (this.#step === 'serving') return;
    assert(this.#step === 'ready', 'the VM goes on only after it was activated');
    this.#step = 'serving';
    this.#parts.server().release();
    this.#parts.onServing();
  }

  sourceGone(): void {
    if (this.#step === 'serving' || this.#sourceGone) return;
    this.#sourceGone = true;
    this.#parts.log('warning', 'The source of the migration is gone.');
    if (this.#step === 'ready') this.goOn();
  }
}
