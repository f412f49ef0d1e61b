// Encrypted connections between two parties that share a key, each proving to the other that it
// has it: TLS 1.2 with a pre-shared key (RFC 4279) and an ephemeral exchange (RFC 7905), so that a
// key that is lost later opens nothing that was recorded before. No certificates are needed.
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { Fault } from '#lib/model/fault.ts';
import { PSK_SUITES } from '#lib/wire/agent/target-pairing.ts';

/** How long both may take to agree, in milliseconds. */
const HANDSHAKE_MS = 10_000;

export interface PskServerParts {
  /** The key of who calls itself so; null for nobody that is known. */
  keyOf(identity: string): Uint8Array | null;
  onConnection(socket: TLSSocket, identity: string): void;
  log(message: string): void;
}

/** A server that only those get through to who have a key. */
export function createPskServer({ keyOf, onConnection, log }: PskServerParts): Server {
  const identities = new WeakMap<TLSSocket, string>();
  const server = createServer(
    {
      ...PSK_SUITES,
      handshakeTimeout: HANDSHAKE_MS,
      pskCallback(socket: TLSSocket, identity: string) {
        const key = keyOf(identity);
        if (key === null) return null;
        identities.set(socket, identity);
        return key;
      },
    },
    (socket) => {
      const identity = identities.get(socket);
      // An acknowledgement that waits for another one is what a guest waits for.
      socket.setNoDelay(true);
      if (identity === undefined) socket.destroy();
      else onConnection(socket, identity);
    },
  );
  server.on('tlsClientError', (error) => log(`a connection was refused: ${error.message}`));
  return server;
}

export interface PskPeer {
  host: string;
  port: number;
  identity: string;
  key: Uint8Array;
}

/** Throws `HostNotReachable`, also when the other does not have the key. */
export function connectPsk({ host, port, identity, key }: PskPeer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, ...PSK_SUITES },
      timeout: HANDSHAKE_MS,
      pskCallback: () => ({ identity, psk: key }),
      // Nobody has a certificate; that the other has the key says who it is.
      checkServerIdentity: () => undefined,
    });
    const fail = (why: string, cause?: Error): void => {
      socket.destroy();
      const what = `${host}:${port} cannot be reached, or does not know ${identity}`;
      reject(new Fault('HostNotReachable', `${what}: ${why}.`, { cause }));
    };
    const onError = (error: Error): void => fail(error.message, error);
    const onTimeout = (): void => fail('no answer in time');
    socket.once('error', onError).once('timeout', onTimeout);
    socket.once('secureConnect', () => {
      socket.off('error', onError).off('timeout', onTimeout).setTimeout(0).setNoDelay(true);
      resolve(socket);
    });
  });
}
