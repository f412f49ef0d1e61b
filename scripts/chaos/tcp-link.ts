// A network between the controller and one host, which can be cut: connections that stand hang,
// new ones are taken and never answered, as by a switch that drops everything.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (socket) => this.#join(socket));
  }

  /** To that port of this machine. */
  static async open(port: number): Promise<TcpLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpLink(server, port);
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** The host has come back at another port. */
  lead(port: number): void {
    this.#port = port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause().unpipe();
  }

  /** What hung meanwhile is gone, as after the time-out of a real one. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.mend();
    this.#server.close();
  }

  #join(socket: Socket): void {
    this.#keep(socket);
    if (this.#isCut) return;
    const other = connect(this.#port, '127.0.0.1');
    this.#keep(other);
    socket.pipe(other).pipe(socket);
    socket.once('close', () => other.destroy());
    other.once('close', () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // Its close follows; whoever uses it sees that.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
