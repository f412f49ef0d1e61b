// Runs one daemon: gives it its context, takes the disks' lines, and its connections to other
// hosts' daemons.
import { rename, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import type {
  DaemonConnection,
  DaemonContext,
  DaemonDefinition,
  DaemonDisk,
  DaemonHooks,
  DaemonPeer,
  DaemonPsk,
} from '#lib/filter-sdk/filter.ts';
import type { HostFlash } from '#lib/filter-sdk/host-flash.ts';
import { cannotLoad, loadCode } from '../chain/load-code.ts';
import { errnoOf } from '../datastore/errno.ts';
import { connectPsk } from '../replica/psk-tls.ts';
import type { DaemonLaunch, DaemonOrder } from './daemon-launch.ts';
import { FramedConnection, UNHEARD_MAX } from './framed-connection.ts';
import { PeerNetwork } from './peer-network.ts';

/** More would cost more time than a line is likely to be worth. */
const ZSTD_LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compress = promisify(zstdCompress);

const helloSchema = z.object({ diskId: z.string().max(4096) });
const definitionSchema = z.object({
  name: z.string(),
  apiVersion: z.literal(1),
  start: z.custom<DaemonDefinition['start']>((value) => typeof value === 'function'),
});

export interface DaemonServerParts {
  launch: DaemonLaunch;
  clock: Clock;
  pid: number;
  flash?: HostFlash;
  /** The daemon has taken its first port for other hosts' daemons. */
  onListening(port: number): void;
  log(level: 'info' | 'warning' | 'error', message: string): void;
}

export class DaemonServer {
  readonly #parts: DaemonServerParts;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #disks: DaemonDisk[] = [];
  #onDisk: ((disk: DaemonDisk) => void) | null = null;
  #hooks: DaemonHooks = {};
  #isListening = false;
  readonly #network: PeerNetwork;
  #onPeers: ((peers: readonly DaemonPeer[]) => void) | null = null;

  constructor(parts: DaemonServerParts) {
    this.#parts = parts;
    const log = (message: string): void => parts.log('warning', message);
    this.#network = new PeerNetwork({ hostId: parts.launch.host.id, log });
  }

  /**
   * Loads the code, starts it, and lets the disks in. Throws `CannotOpenDisk` when it is no daemon
   * of the filter, and what its `start` throws.
   */
  async start(): Promise<void> {
    const { launch } = this.#parts;
    const exported = await loadCode(launch);
    const parsed = definitionSchema.safeParse(exported);
    if (!parsed.success) {
      throw cannotLoad(launch, `its daemon is none: ${z.prettifyError(parsed.error)}`);
    }
    if (parsed.data.name !== launch.name) {
      throw cannotLoad(launch, `its daemon calls itself ${parsed.data.name}`);
    }
    // The module's own object, not the parsed copy: `start` may use `this`.
    const definition = exported as DaemonDefinition;
    this.#hooks = (await definition.start(this.#context())) ?? {};
    await this.#listenForDisks();
  }

  /** Where the daemons of other hosts wait. */
  setPeers({ peers, hostId }: DaemonOrder): void {
    this.#network.set(peers, hostId);
    this.#onPeers?.(this.#network.peers);
  }

  /** Ends what it does in good order. */
  async stop(): Promise<void> {
    await this.#hooks.stop?.();
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.end();
  }

  #context(): DaemonContext {
    const { launch, clock, log, flash } = this.#parts;
    return {
      host: launch.host,
      ...(flash && { flash }),
      clock: {
        monotonic: () => clock.monotonic(),
        now: () => clock.now(),
        after: (milliseconds, callback) => clock.after(milliseconds, callback),
      },
      log: (level, message) => log(level, message),
      compress: (bytes) => compress(bytes, ZSTD_LEVEL),
      onDisk: (listener) => {
        this.#onDisk = listener;
        for (const disk of this.#disks.splice(0)) listener(disk);
      },
      network: {
        listen: (port, onConnection) => this.#listen(port, onConnection),
        connect: (address, port, psk) => this.#connectTo(address, port, psk),
        listenForPeers: (onConnection) => this.#listenForPeers(onConnection),
        connectToPeer: async (hostId) => this.#framed(await this.#network.connect(hostId), hostId),
        onPeers: (listener) => {
          this.#onPeers = listener;
          listener(this.#network.peers);
        },
      },
    };
  }

  /** Under a name of its own first: one that is ending must not take our socket away with it. */
  async #listenForDisks(): Promise<void> {
    const { launch, pid } = this.#parts;
    const own = `${launch.socketPath}.${pid}`;
    await unlink(own).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
    const server = createServer((socket) => this.#greet(socket));
    await listening(server, () => server.listen(own));
    this.#servers.push(server);
    await rename(own, launch.socketPath);
  }

  /** The first message says which disk it is. */
  #greet(socket: Socket): void {
    const connection = this.#framed(socket);
    let disk: DiskConnection | null = null;
    connection.onMessage((message) => {
      if (disk !== null) {
        disk.deliver(message);
        return;
      }
      const hello = helloSchema.parse(JSON.parse(new TextDecoder().decode(message)));
      disk = new DiskConnection(connection, hello.diskId);
      if (this.#onDisk === null) this.#disks.push(disk);
      else this.#onDisk(disk);
    });
  }

  #listen(port: number, onConnection: (peer: DaemonConnection) => void): Promise<number> {
    return this.#takePort(
      port,
      createServer((socket) => onConnection(this.#framed(socket))),
    );
  }

  #listenForPeers(onConnection: (peer: DaemonConnection) => void): Promise<number> {
    const server = this.#network.createServer((socket, hostId) =>
      onConnection(this.#framed(socket, hostId)),
    );
    return this.#takePort(0, server);
  }

  async #takePort(port: number, server: Server): Promise<number> {
    await listening(server, () => server.listen(port, this.#parts.launch.networkAddress));
    this.#servers.push(server);
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : port;
    if (!this.#isListening) this.#parts.onListening(taken);
    this.#isListening = true;
    return taken;
  }

  async #connectTo(host: string, port: number, psk?: DaemonPsk): Promise<DaemonConnection> {
    if (psk) return this.#framed(await connectPsk({ host, port, ...psk }));
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(this.#framed(socket));
      });
    });
  }

  #framed(socket: Socket, hostId = ''): FramedConnection {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const log = (message: string): void => this.#parts.log('warning', message);
    return new FramedConnection(socket, log, hostId);
  }
}

/** The line of one disk; what comes before the daemon listens waits. */
class DiskConnection implements DaemonDisk {
  readonly diskId: string;
  readonly remoteAddress = '';
  readonly #connection: FramedConnection;
  #listener: ((message: Uint8Array) => void) | null = null;
  #unheard: Uint8Array[] = [];

  constructor(connection: FramedConnection, diskId: string) {
    this.#connection = connection;
    this.diskId = diskId;
  }

  deliver(message: Uint8Array): void {
    if (this.#listener !== null) {
      this.#listener(message);
      return;
    }
    this.#unheard.push(message);
    // A daemon that does not listen to its disks must not fill up with what they send.
    if (this.#unheard.length > UNHEARD_MAX) this.#connection.close();
  }

  send(message: Uint8Array): boolean {
    return this.#connection.send(message);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#listener = listener;
    for (const message of this.#unheard.splice(0)) listener(message);
  }

  onClose(listener: () => void): void {
    this.#connection.onClose(listener);
  }

  close(): void {
    this.#connection.close();
  }
}

function listening(server: Server, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve());
    begin();
  });
}
