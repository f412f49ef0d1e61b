// Between a disk's cache and a mirror of its log on another host: finds a host that takes it, or
// that has a log of an earlier life, and passes on what both say. Nothing is kept here.
import type {
  DaemonConnection,
  DaemonContext,
  DaemonDisk,
  DaemonPeer,
} from '#lib/filter-sdk/filter.ts';
import { decodeMessage, encodeMessage, type MirrorMessage } from './mirror-messages.ts';

export interface MirrorRelayParts {
  disk: DaemonDisk;
  network: DaemonContext['network'];
  peers(): readonly DaemonPeer[];
}

export class MirrorRelay {
  readonly #parts: MirrorRelayParts;
  #connection: DaemonConnection | null = null;
  /** Of the mirror that was asked for last; an older attempt has nothing more to say. */
  #attempt = 0;

  constructor(parts: MirrorRelayParts) {
    this.#parts = parts;
    parts.disk.onMessage((bytes) => this.#hear(bytes));
    parts.disk.onClose(() => this.#end());
    this.tellPeers();
  }

  tellPeers(): void {
    this.#say({ kind: 'peers', count: this.#parts.peers().length });
  }

  #hear(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message?.kind === 'open' || message?.kind === 'fetch') {
      this.#end();
      const key = message.kind === 'open' ? message.diskId : message.logId;
      void this.#find(bytes, key);
      return;
    }
    const connection = this.#connection;
    if (connection === null) return;
    if (!connection.send(bytes)) this.#lose('it does not keep up');
    // What it has closed then is no loss.
    else if (message?.kind === 'remove') this.#end();
  }

  /** Asks one host after the other; which one first depends on the key, so that they share. */
  async #find(request: Uint8Array, key: string): Promise<void> {
    const attempt = this.#attempt;
    const peers = [...this.#parts.peers()];
    const first = peers.length === 0 ? 0 : sumOf(key) % peers.length;
    let why = 'no other host of the cluster has the cache';
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
      try {
        await this.#ask(peer, request, attempt);
        return;
      } catch (thrown) {
        why = thrown instanceof Error ? thrown.message : String(thrown);
      }
      if (attempt !== this.#attempt) return;
    }
    this.#say({ kind: 'lost', why });
  }

  /** Resolves when the mirror is open, from when on all is passed on. */
  async #ask(peer: DaemonPeer, request: Uint8Array, attempt: number): Promise<void> {
    const connection = await this.#parts.network.connectToPeer(peer.hostId);
    if (attempt !== this.#attempt) {
      connection.close();
      return;
    }
    let isOpen = false;
    await new Promise<void>((resolve, reject) => {
      connection.onClose(() => {
        reject(new Error('the connection ended'));
        if (isOpen && this.#connection === connection) this.#lose('the connection ended');
      });
      connection.onMessage((bytes) => {
        if (isOpen) {
          if (this.#connection === connection) this.#parts.disk.send(bytes);
          return;
        }
        const message = decodeMessage(bytes);
        if (message?.kind !== 'opened' && message?.kind !== 'file') {
          connection.close();
          reject(new Error(message?.kind === 'lost' ? message.why : 'it said what is no answer'));
          return;
        }
        isOpen = true;
        this.#connection = connection;
        this.#parts.disk.send(bytes);
        resolve();
      });
      connection.send(request);
    });
  }

  #lose(why: string): void {
    this.#end();
    this.#say({ kind: 'lost', why });
  }

  #end(): void {
    const connection = this.#connection;
    this.#attempt += 1;
    this.#connection = null;
    connection?.close();
  }

  #say(message: MirrorMessage): void {
    this.#parts.disk.send(encodeMessage(message));
  }
}

function sumOf(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7);
}
