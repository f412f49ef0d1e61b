// A daemon's connections to those of the other hosts of its cluster: over each it says now and then
// what its disks want of the limits that policies share. Who sends anything else is cut off.
import type { DaemonConnection, DaemonContext, DaemonPeer } from '#lib/filter-sdk/filter.ts';
import { type Demand, decodeDemand, encode } from './messages.ts';

/** Until a connection that failed is tried again, in milliseconds. */
const RETRY_MS = 1_000;

export interface HostLinksParts {
  context: Pick<DaemonContext, 'clock' | 'log' | 'network'>;
  onDemands(hostId: string, groups: readonly Demand[]): void;
}

interface Link {
  peer: DaemonPeer;
  connection: DaemonConnection | null;
  isConnecting: boolean;
  triedAt: number;
}

export class HostLinks {
  readonly #parts: HostLinksParts;
  readonly #links = new Map<string, Link>();

  constructor(parts: HostLinksParts) {
    this.#parts = parts;
  }

  /** The other hosts. */
  get hostIds(): string[] {
    return [...this.#links.keys()];
  }

  async start(): Promise<void> {
    const { network } = this.#parts.context;
    await network.listenForPeers((connection) => this.#welcome(connection));
    network.onPeers((peers) => this.#setPeers(peers));
  }

  send(groups: Demand[]): void {
    const { clock } = this.#parts.context;
    const message = encode({ kind: 'demand', groups });
    for (const link of this.#links.values()) {
      link.connection?.send(message);
      const isDue = clock.monotonic() - link.triedAt >= RETRY_MS;
      if (link.connection === null && !link.isConnecting && isDue) void this.#connect(link);
    }
  }

  #setPeers(peers: readonly DaemonPeer[]): void {
    for (const [hostId, { peer, connection }] of this.#links) {
      const same = peers.find((each) => each.hostId === hostId);
      if (same && same.address === peer.address && same.port === peer.port) continue;
      this.#links.delete(hostId);
      connection?.close();
    }
    for (const peer of peers) {
      if (this.#links.has(peer.hostId)) continue;
      const triedAt = Number.NEGATIVE_INFINITY;
      this.#links.set(peer.hostId, { peer, connection: null, isConnecting: false, triedAt });
    }
  }

  async #connect(link: Link): Promise<void> {
    const { network, clock, log } = this.#parts.context;
    const { hostId } = link.peer;
    link.isConnecting = true;
    link.triedAt = clock.monotonic();
    try {
      const connection = await network.connectToPeer(hostId);
      connection.onMessage(() => undefined);
      connection.onClose(() => {
        link.connection = null;
      });
      link.connection = connection;
      if (this.#links.get(hostId) !== link) connection.close();
    } catch (thrown) {
      log('info', `${hostId} is not reached: ${String(thrown)}`);
    } finally {
      link.isConnecting = false;
    }
  }

  #welcome(connection: DaemonConnection): void {
    const { hostId = '' } = connection;
    connection.onMessage((bytes) => {
      const message = decodeDemand(bytes);
      if (message === null) connection.close();
      // A host that left.
      else if (this.#links.has(hostId)) this.#parts.onDemands(hostId, message.groups);
    });
  }
}
