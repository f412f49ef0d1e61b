// A replication target: takes records from paired sources, keeps them, and serves moments.
import type { Server, TLSSocket } from 'node:tls';
import type { Clock, Timer } from '#lib/base/clock.ts';
import { keyOfCode } from '#lib/formats/sealed-box/pairing-code.ts';
import {
  PAIRING_IDENTITY,
  type Pairing,
  pairingOfCalls,
  pairingSchema,
} from '#lib/wire/agent/target-pairing.ts';
import { FramedConnection } from '../filter-daemon/framed-connection.ts';
import type { Pairings } from './pairings.ts';
import { connectPsk, createPskServer } from './psk-tls.ts';
import { TargetLink } from './target-link.ts';
import type { TargetStore } from './target-store.ts';

/** How often old segments are looked for, in milliseconds. */
const RETAIN_MS = 5_000;
/** How long a target may take to answer who pairs with it, in milliseconds. */
const PAIR_MS = 10_000;

export interface ReplicationTargetParts {
  store: TargetStore;
  pairings: Pairings;
  clock: Clock;
  /** Answers calls of who is paired. */
  onCalls(socket: TLSSocket, pairing: string): void;
  log(message: string): void;
}

export class ReplicationTarget {
  readonly #parts: ReplicationTargetParts;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();
  #timer: Timer | null = null;

  constructor(parts: ReplicationTargetParts) {
    this.#parts = parts;
    this.#server = createPskServer({
      keyOf: (identity) => parts.pairings.keyOf(pairingOfCalls(identity) ?? identity),
      onConnection: (socket, identity) => this.#greet(socket, identity),
      log: parts.log,
    });
  }

  /** Resolves with the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    this.#retainLater();
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  close(): void {
    this.#timer?.cancel();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #greet(socket: TLSSocket, identity: string): void {
    const { pairings, store, log, onCalls } = this.#parts;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const caller = pairingOfCalls(identity);
    if (caller !== null) {
      onCalls(socket, caller);
      return;
    }
    const connection = new FramedConnection(socket, log);
    if (identity === PAIRING_IDENTITY) {
      void pairings.pair().then(
        (pairing) => connection.send(Buffer.from(JSON.stringify(pairing))),
        (thrown: unknown) => {
          log(`a source could not be paired: ${String(thrown)}`);
          connection.close();
        },
      );
      return;
    }
    new TargetLink({
      ...{ connection, log },
      claim: (disk, link) => store.claim(disk, identity, link),
      release: (replica, link) => store.release(replica, link),
    });
  }

  #retainLater(): void {
    const { store, clock, log } = this.#parts;
    this.#timer = clock.after(RETAIN_MS, () => {
      void store
        .retain()
        .catch((thrown: unknown) => log(`journals are not rolled: ${String(thrown)}`))
        .then(() => this.#retainLater());
    });
  }
}

/** Pairs with a target by the code that it shows. Throws `HostNotReachable`. */
export async function pairWithTarget(
  place: { host: string; port: number },
  code: string,
): Promise<Pairing> {
  const key = keyOfCode(code);
  const socket = await connectPsk({ ...place, identity: PAIRING_IDENTITY, key });
  try {
    const connection = new FramedConnection(socket, () => undefined);
    socket.setTimeout(PAIR_MS, () => socket.destroy());
    const message = await new Promise<Uint8Array>((resolve, reject) => {
      connection.onMessage(resolve);
      connection.onClose(() => reject(new Error('the target has ended the connection')));
    });
    return pairingSchema.parse(JSON.parse(new TextDecoder().decode(message)));
  } finally {
    socket.destroy();
  }
}
