// Whom a filter's daemon talks to on other hosts, and how: anyone by address, with a key where
// there is one, or the daemons of the same filter on the other hosts of its cluster.

/** One connection of a daemon: messages of at most 4 MiB, in order. */
export interface DaemonConnection {
  readonly remoteAddress: string;
  /** Between peers: the other host, which has proved that it is that one. Else empty. */
  readonly hostId?: string;
  /**
   * Sends a copy. `more`: the end of the message where it stands elsewhere, so that large ones need
   * not be put together first. False when too much waits, or the connection is gone.
   */
  send(message: Uint8Array, more?: Uint8Array): boolean;
  onMessage(listener: (message: Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** A daemon of the same filter on another host of the cluster. */
export interface DaemonPeer {
  readonly hostId: string;
  readonly address: string;
  readonly port: number;
}

/** A key of 32 bytes that two parties share, and as whom who connects has it. */
export interface DaemonPsk {
  readonly identity: string;
  readonly key: Uint8Array;
}

/** A daemon's way to other hosts. */
export interface DaemonNetwork {
  /** Waits for other hosts' daemons; resolves with the port that was taken. */
  listen(port: number, onConnection: (connection: DaemonConnection) => void): Promise<number>;
  /** With a key over TLS, where the other one has to have the same under that identity. */
  connect(address: string, port: number, psk?: DaemonPsk): Promise<DaemonConnection>;
  /**
   * As `listen`, for the daemons of this filter on the other hosts of the cluster alone: each
   * proves with a key that it shares with this host which one it is, and all is encrypted.
   */
  listenForPeers(onConnection: (connection: DaemonConnection) => void): Promise<number>;
  /** To such a one. Rejects when it is not known, not reached, or not the one it should be. */
  connectToPeer(hostId: string): Promise<DaemonConnection>;
  /**
   * Told at once what is known, then of each change: the daemons of this filter on the other
   * hosts of the cluster, at the port that they took with their first `listen`. One listener.
   */
  onPeers(listener: (peers: readonly DaemonPeer[]) => void): void;
}
