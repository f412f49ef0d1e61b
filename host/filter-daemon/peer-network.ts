// A daemon's connections with those of the same filter on the other hosts of the cluster: over TLS
// with a key that each pair of hosts shares, so that only they talk, and each knows which other one
// it is.
import type { Server, Socket } from 'node:net';
import type { DaemonPeer } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import { connectPsk, createPskServer } from '../replica/psk-tls.ts';
import type { KeyedPeer } from './daemon-launch.ts';

export interface PeerNetworkParts {
  /** Of this host, as the other ones know it. */
  hostId: string;
  log(message: string): void;
}

export class PeerNetwork {
  readonly #parts: PeerNetworkParts;
  #hostId: string;
  #peers: readonly KeyedPeer[] = [];

  constructor(parts: PeerNetworkParts) {
    this.#parts = parts;
    this.#hostId = parts.hostId;
  }

  /** A host may be given its id after its daemon was started. */
  set(peers: readonly KeyedPeer[], hostId?: string): void {
    this.#peers = peers;
    if (hostId !== undefined) this.#hostId = hostId;
  }

  /** Without their keys. */
  get peers(): readonly DaemonPeer[] {
    return this.#peers.map(({ hostId, address, port }) => ({ hostId, address, port }));
  }

  /** Lets the peers through that are known when they come. Does not listen yet. */
  createServer(onConnection: (socket: Socket, hostId: string) => void): Server {
    return createPskServer({
      keyOf: (hostId) => keyIn(this.#find(hostId)),
      onConnection,
      log: (message) => this.#parts.log(message),
    });
  }

  /** Throws `HostNotReachable`, and `NotFound` for a host that is not known. */
  async connect(hostId: string): Promise<Socket> {
    const peer = this.#find(hostId);
    const key = keyIn(peer);
    if (peer === undefined || key === null) {
      throw new Fault('NotFound', `The host ${hostId} is no peer that is known.`);
    }
    return connectPsk({ host: peer.address, port: peer.port, identity: this.#hostId, key });
  }

  #find(hostId: string): KeyedPeer | undefined {
    return this.#peers.find((peer) => peer.hostId === hostId);
  }
}

function keyIn(peer: KeyedPeer | undefined): Uint8Array | null {
  return peer === undefined ? null : Buffer.from(peer.key, 'base64');
}
