// The NBD server of one VM: listens on a TCP port and a unix socket, keeps the connections, holds
// them still.

import { unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { NBD_CONNECTIONS_MAX } from '#lib/model/limits.ts';
import { BufferPool } from './buffer-pool.ts';
import { descriptorOf } from './client-socket.ts';
import { Connection, type ConnectionParts, type PackedConnection } from './connection.ts';
import { ExportTable, type NbdExport } from './nbd-export.ts';
import { NbdIoPool } from './nbd-io.ts';

/** How long a held connection may take to send out its replies, in milliseconds. */
const DRAIN_MS = 5_000;
const BACKLOG = 128;

export interface NbdServerParts {
  exports: readonly NbdExport[];
  /** No client learns of an export whose name it does not know. */
  unlisted?: boolean;
  clock: Clock;
  log(message: string): void;
}

export class NbdServer {
  readonly #parts: ConnectionParts;
  readonly #connections = new Set<Connection>();
  #tcp: Server | null = null;
  #unix: Server | null = null;
  #port = 0;
  /** Disks whose connections are held. */
  readonly #held = new Set<NbdExport>();
  readonly #table: ExportTable;
  /** Clients that came while the VM was being handed over. */
  #waiting: Socket[] | null = null;

  constructor({ exports, unlisted = false, clock, log }: NbdServerParts) {
    this.#table = new ExportTable(exports, unlisted);
    this.#parts = {
      exports: this.#table,
      buffers: new BufferPool(),
      ios: new NbdIoPool(),
      clock,
      log,
      isHeld: (target) => this.#held.has(target),
      onClose: (connection) => this.#connections.delete(connection),
    };
  }

  /** 0 until it listens on TCP. */
  get port(): number {
    return this.#port;
  }

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  connectionsOf(target: NbdExport): number {
    return this.connections.filter((each) => each.target === target).length;
  }

  /** Listens on a port (0 for any) and returns it. Throws `ResourceInUse`. */
  async listenTcp(where: { host: string; port: number } | { fd: number }): Promise<number> {
    const backlog = BACKLOG;
    const server = await this.#listen({ ...where, backlog });
    const address = server.address();
    this.#tcp = server;
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return this.#port;
  }

  /** Listens on a unix socket; what a dead process left there is removed. */
  async listenUnix(path: string): Promise<void> {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    this.#unix = await this.#listen({ path, backlog: BACKLOG });
  }

  /**
   * The descriptor of the listening TCP socket, for a child to inherit; null when there is none.
   */
  get tcpDescriptor(): number | null {
    return this.#tcp === null ? null : descriptorOf(this.#tcp);
  }

  /** Stops to accept on TCP; who connects waits for whoever else has the listening socket. */
  closeTcp(): void {
    this.#tcp?.close();
    this.#tcp = null;
  }

  /** While true, clients that come are neither greeted nor sent away. */
  keepWaiting(wait: boolean): void {
    if (wait) {
      this.#waiting ??= [];
      return;
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const socket of waiting) this.#accept(socket);
  }

  /** Clients can choose the disk from now on. */
  addExport(target: NbdExport): void {
    this.#table.add(target);
  }

  /** No client can choose the disk any more; those that had are dropped. It must be held. */
  async removeExport(target: NbdExport): Promise<void> {
    this.#table.remove(target);
    // A client that does not take its last replies loses them with its connection.
    await this.repliesSent(target).catch(() => undefined);
    for (const connection of this.#of(target)) connection.destroy();
    this.#held.delete(target);
  }

  /** Drops every client, as a power cycle does; they may come again. */
  dropClients(): void {
    for (const connection of this.connections) connection.destroy();
  }

  inherit(fd: number, packed: PackedConnection): void {
    this.#connections.add(Connection.inherit(this.#parts, fd, packed));
  }

  /** Stops reading and beginning requests on the disk's connections, or on all. */
  hold(target?: NbdExport): void {
    for (const each of target ? [target] : this.#table.exports) this.#held.add(each);
    for (const connection of this.#of(target)) connection.hold();
  }

  /** Goes on; returns how many requests had waited. */
  release(target?: NbdExport): number {
    let waited = 0;
    for (const each of target ? [target] : this.#table.exports) this.#held.delete(each);
    for (const connection of this.#of(target)) waited += connection.release();
    return waited;
  }

  /** Requests of the disk, or of all, that are under way. */
  inFlight(target?: NbdExport): number {
    return this.#of(target).reduce((sum, connection) => sum + connection.inFlight, 0);
  }

  /**
   * Resolves when every reply is with its client. Throws `Timedout` when a client does not read.
   */
  async repliesSent(target?: NbdExport): Promise<void> {
    const deadline = this.#parts.clock.monotonic() + DRAIN_MS;
    while (this.#of(target).some((connection) => connection.unsentBytes > 0)) {
      if (this.#parts.clock.monotonic() > deadline) {
        throw new Fault('Timedout', 'An NBD client does not take its replies.');
      }
      await sleep(this.#parts.clock, 1);
    }
  }

  /** Stops listening and drops every client. */
  close(): void {
    this.#tcp?.close();
    this.#unix?.close();
    for (const socket of this.#waiting ?? []) socket.destroy();
    for (const connection of this.connections) connection.destroy();
  }

  #of(target: NbdExport | undefined): Connection[] {
    if (target === undefined) return [...this.#connections];
    return this.connections.filter((connection) => connection.target === target);
  }

  #listen(
    where: ({ host: string; port: number } | { path: string } | { fd: number }) & {
      backlog: number;
    },
  ): Promise<Server> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#onConnection(socket));
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => {
        const message = `The NBD server cannot listen: ${cause.message}.`;
        reject(new Fault('ResourceInUse', message, { cause }));
      });
      server.listen(where, () => resolve(server));
    });
  }

  #onConnection(socket: Socket): void {
    if (this.#waiting === null) this.#accept(socket);
    else this.#waiting.push(socket);
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#connections.size >= NBD_CONNECTIONS_MAX) {
      this.#parts.log('client sent away: too many connections');
      socket.destroy();
      return;
    }
    this.#connections.add(Connection.accept(this.#parts, socket));
  }
}
