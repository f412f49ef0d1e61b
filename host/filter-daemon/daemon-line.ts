// A disk's end of the line between a filter and its daemon: a unix socket that is connected again
// whenever it breaks. Its first message says which disk it is.
import { createConnection, type Socket } from 'node:net';
import { backoffMs } from '#lib/base/backoff.ts';
import type { Clock, Timer } from '#lib/base/clock.ts';
import type { DaemonLine } from '#lib/filter-sdk/filter.ts';
import { FrameReader, sendFrame } from './frames.ts';

const RECONNECT = { firstMs: 50, maxMs: 2_000 };

export interface LineParts {
  socketPath: string;
  diskId: string;
  clock: Clock;
  /** A listener of the filter threw, or the daemon sent what is no message. */
  onFault(message: string): void;
}

export class SocketDaemonLine implements DaemonLine {
  readonly #parts: LineParts;
  #socket: Socket | null = null;
  #connected = false;
  #attempt = 0;
  #timer: Timer | null = null;
  #closed = false;
  #onMessage: (message: Uint8Array) => void = () => undefined;
  #onState: (connected: boolean) => void = () => undefined;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#connect();
  }

  send(message: Uint8Array): boolean {
    return this.#connected && this.#socket !== null && sendFrame(this.#socket, message);
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.#onMessage = listener;
  }

  onState(listener: (connected: boolean) => void): void {
    this.#onState = listener;
    this.#call(() => listener(this.#connected));
  }

  /** What was sent is still delivered. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#onMessage = this.#onState = () => undefined;
    this.#socket?.end();
    // It must not keep the process, nor wait for a daemon that does not read.
    this.#socket?.unref();
  }

  #connect(): void {
    const socket = createConnection(this.#parts.socketPath);
    const frames = new FrameReader();
    this.#socket = socket;
    socket.on('connect', () => {
      this.#attempt = 0;
      sendFrame(socket, new TextEncoder().encode(JSON.stringify({ diskId: this.#parts.diskId })));
      this.#show(true);
    });
    socket.on('data', (chunk) => {
      try {
        for (const message of frames.push(chunk)) this.#call(() => this.#onMessage(message));
      } catch (thrown) {
        this.#parts.onFault(String(thrown));
        socket.destroy();
      }
    });
    // An end or an error comes to a close, which is where the next attempt begins.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#lost());
  }

  #lost(): void {
    this.#show(false);
    if (this.#closed) return;
    this.#timer = this.#parts.clock.after(backoffMs(RECONNECT, this.#attempt), () =>
      this.#connect(),
    );
    this.#attempt += 1;
  }

  #show(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#call(() => this.#onState(connected));
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      this.#parts.onFault(String(thrown));
    }
  }
}
