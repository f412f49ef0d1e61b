// Stands on the line between a disk and its daemon: counts what passes, cuts the line, and holds it
// up so that it fills.
import { createConnection, createServer, type Server, type Socket } from 'node:net';

export class LineProxy {
  readonly socketPath: string;
  /** Bytes that the daemon has sent. */
  fromDaemon = 0;
  /** Bytes that the disk has sent. */
  fromDisk = 0;
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held = false;
  #joined = 0;

  private constructor(socketPath: string, target: string) {
    this.socketPath = socketPath;
    this.#target = target;
    this.#server = createServer((disk) => this.#join(disk));
  }

  static async start(socketPath: string, target: string): Promise<LineProxy> {
    const proxy = new LineProxy(socketPath, target);
    await new Promise<void>((resolve) => proxy.#server.listen(socketPath, resolve));
    return proxy;
  }

  /** The daemon has answered at the other end. */
  get isJoined(): boolean {
    return this.#joined > 0;
  }

  /** Both ends see the line break. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing passes until it is let go. */
  hold(held: boolean): void {
    this.#held = held;
    for (const socket of this.#sockets) this.#apply(socket);
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }

  #join(disk: Socket): void {
    const daemon = createConnection(this.#target);
    daemon.once('connect', () => {
      this.#joined += 1;
      daemon.once('close', () => {
        this.#joined -= 1;
      });
    });
    this.#connect(disk, daemon, (bytes) => {
      this.fromDisk += bytes;
    });
    this.#connect(daemon, disk, (bytes) => {
      this.fromDaemon += bytes;
    });
  }

  #connect(from: Socket, to: Socket, count: (bytes: number) => void): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      count(chunk.length);
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => this.#apply(from));
    });
    // An error comes to a close.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    this.#apply(from);
  }

  #apply(socket: Socket): void {
    if (this.#held) socket.pause();
    else socket.resume();
  }
}
