// A socket that reads into one buffer of its own, so that nothing is allocated for what arrives.
// Whoever reads at the moment sets `onBytes`; the bytes are valid during that call alone.
import { createConnection, type Socket } from 'node:net';
import type { Clock } from '#lib/base/clock.ts';
import type { NbdPlace } from './nbd-address.ts';

const READ_BYTES = 256 * 1024;

export class ByteSource {
  readonly socket: Socket;
  onBytes: (bytes: Buffer) => void = () => undefined;
  onEnd: (reason: string) => void = () => undefined;
  /** Why it has ended; null while it is open. */
  ended: string | null = null;

  private constructor(place: NbdPlace) {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (bytes: number, buffer: Uint8Array): boolean => {
        this.onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    };
    this.socket = createConnection({ ...place, onread });
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.end(error.message));
    this.socket.on('end', () => this.end('the server closed the connection'));
    this.socket.on('close', () => this.end('the connection was closed'));
  }

  /** Connects, or rejects with an Error that says why not. */
  static connect(place: NbdPlace, clock: Clock, timeoutMs: number): Promise<ByteSource> {
    return new Promise((resolve, reject) => {
      const source = new ByteSource(place);
      const timer = clock.after(timeoutMs, () => source.end('no answer in time'));
      source.onEnd = (reason) => {
        timer.cancel();
        reject(new Error(reason));
      };
      source.socket.once('connect', () => {
        timer.cancel();
        source.onEnd = () => undefined;
        resolve(source);
      });
    });
  }

  /** Closes the socket; the first reason is the one told. */
  end(reason: string): void {
    if (this.ended !== null) return;
    this.ended = reason;
    this.socket.destroy();
    this.onEnd(reason);
  }
}
