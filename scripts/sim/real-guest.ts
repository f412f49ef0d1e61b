// A guest of the simulator's workloads whose disk is a real one: NBD over a socket to a real world,
// connected anew when the world has died.

import { TestClient, type TestRequest } from '#host/nbd/test-client.ts';
import type { GuestDisk } from '#host/sim/guest.ts';
import { CONNECTION_LOST } from '#host/sim/guest-port.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';

const FORCED_UNIT_ACCESS = 1;
const RECONNECT_MS = 30;

export interface RealGuestParts {
  /** Path of the socket of the world that runs; null when none does. */
  socketPath(): string | null;
  /** As GuestParts.onDoubt. */
  onDoubt(): void;
}

export class RealGuest implements GuestDisk {
  readonly schedule = {
    sleep: (milliseconds: number): Promise<void> => sleep(systemClock, milliseconds),
  };
  readonly #parts: RealGuestParts;
  #client: Promise<TestClient> | null = null;

  constructor(parts: RealGuestParts) {
    this.#parts = parts;
  }

  async read(offset: number, buffer: Buffer): Promise<number> {
    const command = { command: COMMANDS.read, offset, length: buffer.length };
    return this.#request(command, (data) => data.copy(buffer));
  }

  write(offset: number, data: Buffer, fua = false): Promise<number> {
    const flags = fua ? FORCED_UNIT_ACCESS : 0;
    return this.#request({ command: COMMANDS.write, offset, data, flags });
  }

  flush(): Promise<number> {
    return this.#request({ command: COMMANDS.flush });
  }

  other(code: 3 | 4 | 5, offset: number, length: number): Promise<number> {
    const command = { 3: COMMANDS.trim, 4: COMMANDS.writeZeroes, 5: COMMANDS.cache }[code];
    return this.#request({ command, offset, length });
  }

  close(): void {
    void this.#client?.then((client) => client.close()).catch(() => undefined);
  }

  async #request(request: TestRequest, onData?: (data: Buffer) => void): Promise<number> {
    const path = this.#parts.socketPath();
    if (path === null) {
      await this.schedule.sleep(RECONNECT_MS);
      return CONNECTION_LOST;
    }
    const connecting = this.#client ?? TestClient.connect({ path });
    this.#client = connecting;
    try {
      const client = await connecting;
      const { error, data } = await client.request(request);
      if (error === 0) onData?.(data);
      return error;
    } catch {
      // The world has died: the next request looks for another one.
      if (this.#client === connecting) this.#client = null;
      this.#parts.onDoubt();
      await this.schedule.sleep(RECONNECT_MS);
      return CONNECTION_LOST;
    }
  }
}
