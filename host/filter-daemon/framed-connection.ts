// A daemon's connection to a disk or to another host's daemon, in messages.
import type { Socket } from 'node:net';
import type { DaemonConnection } from '#lib/filter-sdk/filter.ts';
import { FrameReader, sendFrame } from './frames.ts';

/** So many messages wait for a listener; a peer that sends more is cut off. */
export const UNHEARD_MAX = 1_000;

export class FramedConnection implements DaemonConnection {
  readonly remoteAddress: string;
  readonly hostId: string;
  readonly #socket: Socket;
  readonly #log: (message: string) => void;
  #listener: ((message: Uint8Array) => void) | null = null;
  #unheard: Uint8Array[] = [];
  #closed = false;
  #closeListeners: (() => void)[] = [];

  constructor(socket: Socket, log: (message: string) => void, hostId = '') {
    this.#socket = socket;
    this.#log = log;
    this.hostId = hostId;
    this.remoteAddress = socket.remoteAddress ?? '';
    const frames = new FrameReader();
    socket.on('data', (chunk) => {
      try {
        for (const message of frames.push(chunk)) this.#take(message);
      } catch (thrown) {
        this.#log(`connection cut off: ${String(thrown)}`);
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.#log(`connection lost: ${error.message}`));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      for (const listener of this.#closeListeners) listener();
    });
  }

  send(message: Uint8Array, more?: Uint8Array): boolean {
    return sendFrame(this.#socket, message, more);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#listener = listener;
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const message of unheard) listener(message);
  }

  onClose(listener: () => void): void {
    if (this.#closed) queueMicrotask(listener);
    else this.#closeListeners.push(listener);
  }

  close(): void {
    this.#socket.end();
  }

  #take(message: Uint8Array): void {
    if (this.#listener !== null) {
      this.#listener(message);
      return;
    }
    this.#unheard.push(message);
    if (this.#unheard.length <= UNHEARD_MAX) return;
    this.#log('connection cut off: nobody listens to what it sends');
    this.#socket.destroy();
  }
}
