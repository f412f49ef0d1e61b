// A simulated guest's view of its disk: requests that find the world wherever it runs at the
// moment, and again after it was lost.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { FLUSH, type OperationCode } from '../chain/chain-io.ts';
import { CONNECTION_LOST, type GuestPort } from './guest-port.ts';
import type { Schedule } from './schedule.ts';

/** Pause before a guest looks for its world again, in milliseconds. */
const RECONNECT_MS = 60;
const NOTHING = Buffer.alloc(0);

/**
 * A disk as the workloads use it, simulated or real. It answers 0, an error number, or
 * CONNECTION_LOST.
 */
export interface GuestDisk {
  readonly schedule: { sleep(milliseconds: number): Promise<void> };
  read(offset: number, buffer: Buffer): Promise<number>;
  write(offset: number, buffer: Buffer, fua?: boolean): Promise<number>;
  flush(): Promise<number>;
  /** Trim, write zeroes or prefetch. */
  other(code: 3 | 4 | 5, offset: number, length: number): Promise<number>;
  /** As it is now; null while the disk is out of reach, or where that is not known. */
  sizeBytes?(): number | null;
}

export interface GuestParts {
  schedule: Schedule;
  /** The port of the VM that opened last; null when there is none. */
  newestPort(): GuestPort | null;
  /** A request was not done because the connection ended, or the disk is no longer served. */
  onTurnedAway?(error: number): void;
  /** A flush failed, or the connection was lost: what was not flushed may be lost for good. */
  onDoubt(): void;
}

/** What is wrong with what a guest has seen; it ends the simulation. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

export class Guest implements GuestDisk {
  readonly schedule: Schedule;
  readonly #parts: GuestParts;
  #port: GuestPort | null = null;
  #line: object | null = null;

  constructor(parts: GuestParts) {
    this.#parts = parts;
    this.schedule = parts.schedule;
  }

  read(offset: number, buffer: Buffer): Promise<number> {
    return this.#request({ code: 0, offset, length: buffer.length, buffer });
  }

  write(offset: number, buffer: Buffer, fua = false): Promise<number> {
    return this.#request({ code: 1, offset, length: buffer.length, buffer, fua });
  }

  flush(): Promise<number> {
    return this.#request({ code: 2, offset: 0, length: 0 });
  }

  /** Trim, write zeroes or prefetch. */
  other(code: 3 | 4 | 5, offset: number, length: number): Promise<number> {
    return this.#request({ code, offset, length });
  }

  sizeBytes(): number | null {
    const port = this.#parts.newestPort();
    return port?.isOpen ? port.sizeBytes : null;
  }

  async #request(request: {
    code: OperationCode;
    offset: number;
    length: number;
    buffer?: Buffer;
    fua?: boolean;
  }): Promise<number> {
    const port = this.#connect();
    if (port === null) {
      await this.schedule.sleep(RECONNECT_MS);
      return CONNECTION_LOST;
    }
    const error = await port.request({ fua: false, buffer: NOTHING, ...request });
    if (error !== 0 && (request.code === FLUSH || request.fua)) this.#parts.onDoubt();
    if (error !== NBD_ERRORS.ESHUTDOWN && error !== CONNECTION_LOST) return error;
    if (this.#port === port) this.#port = null;
    this.#parts.onTurnedAway?.(error);
    this.#parts.onDoubt();
    await this.schedule.sleep(RECONNECT_MS);
    return error;
  }

  /** Null when the connection is lost; the next request makes a new one. */
  #connect(): GuestPort | null {
    const before = this.#port;
    const line = this.#line;
    if (before?.isOpen && before.line === line) return before;
    this.#port = this.#parts.newestPort();
    this.#line = this.#port?.line ?? null;
    if (this.#port === null || before === null) return this.#port;
    // A handover takes the connections along; else the guest learns that it had lost its own.
    if (this.#line === line) return this.#port;
    this.#parts.onTurnedAway?.(CONNECTION_LOST);
    this.#parts.onDoubt();
    return null;
  }
}
