// A simulated guest's view of its disk: requests that find the world wherever it runs at the
// moment, and again after it was lost.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { OperationCode } from '../chain/chain-io.ts';
import { CONNECTION_LOST, type GuestPort } from './guest-port.ts';
import type { Schedule } from './schedule.ts';

/** Pause before a guest looks for its world again, in milliseconds. */
const RECONNECT_MS = 60;
const NOTHING = Buffer.alloc(0);

export interface GuestParts {
  schedule: Schedule;
  /** The port of the VM that opened last; null when there is none. */
  newestPort(): GuestPort | null;
}

/** What is wrong with what a guest has seen; it ends the simulation. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

export class Guest {
  readonly schedule: Schedule;
  readonly #newestPort: () => GuestPort | null;
  #port: GuestPort | null = null;

  constructor({ schedule, newestPort }: GuestParts) {
    this.schedule = schedule;
    this.#newestPort = newestPort;
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

  async #request(request: {
    code: OperationCode;
    offset: number;
    length: number;
    buffer?: Buffer;
    fua?: boolean;
  }): Promise<number> {
    if (!this.#port?.isOpen) this.#port = this.#newestPort();
    const port = this.#port;
    if (port === null) {
      await this.schedule.sleep(RECONNECT_MS);
      return NBD_ERRORS.ESHUTDOWN;
    }
    const error = await port.request({ fua: false, buffer: NOTHING, ...request });
    if (error !== NBD_ERRORS.ESHUTDOWN && error !== CONNECTION_LOST) return error;
    if (this.#port === port) this.#port = null;
    await this.schedule.sleep(RECONNECT_MS);
    return error;
  }
}
