// The agent's end of a world's control socket: typed calls, one connection each, with a time limit.
import { assert } from '#lib/base/assert.ts';
import { type Clock, sleep } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { seal } from '#lib/formats/sealed-box/sealed-box.ts';
import { Fault, fromFaultRecord } from '#lib/model/fault.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import { encodeKeys, type HostKey } from '#lib/wire/agent/key-bytes.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import type { ControlMethod, WorldStatus } from './control.ts';
import { ControlLink, type ControlParams, type ControlResult } from './control-link.ts';
import type { LaunchFilter } from './launch.ts';
import { WORLD_KEYS } from './world-keys.ts';

const SHORT_MS = 5_000;
const LONG_MS = 60_000;
/** The longest call of a controller; whoever waits looks at the progress meanwhile. */
const OPERATION_MS = 3_600_000;

interface WorldClientParts {
  controlSocketPath: string;
  clock: Clock;
  /** Only for who gives keys. */
  random?: Random | null;
}

/**
 * Calls of one world. Each opens a connection, so that an agent which restarts has nothing to
 * restore. A world that is gone or silent throws `HostNotReachable`; what the world refuses throws
 * the fault it gave.
 */
export class WorldClient {
  readonly #controlSocketPath: string;
  readonly #clock: Clock;
  readonly #random: Random | null;

  constructor({ controlSocketPath, clock, random = null }: WorldClientParts) {
    this.#controlSocketPath = controlSocketPath;
    this.#clock = clock;
    this.#random = random;
  }

  status(): Promise<WorldStatus> {
    return this.call('status', {}, SHORT_MS);
  }

  /** Numbers since the last call by anyone. */
  sample(): Promise<ControlResult<'sample'>> {
    return this.call('sample', {}, SHORT_MS);
  }

  /** The newest entries after the given sequence; while asked within 5 s every I/O is traced. */
  ioTrace(params: ControlParams<'ioTrace'>): Promise<ControlResult<'ioTrace'>> {
    return this.call('ioTrace', params, SHORT_MS);
  }

  /** Sealed for that process: no key stands in the buffers of the line. */
  async putKeys(keys: readonly (GivenKey | HostKey)[]): Promise<void> {
    assert(this.#random !== null, 'sealing takes randomness');
    const { publicKey } = await this.call('readKeyBox', {}, SHORT_MS);
    const bytes = encodeKeys(keys);
    const sealed = seal({ bytes, purpose: WORLD_KEYS, publicKey, random: this.#random });
    bytes.fill(0);
    await this.call('putKeys', { sealed }, SHORT_MS);
  }

  setDiskFilters(
    diskKey: number,
    filters: LaunchFilter[],
  ): Promise<ControlResult<'setDiskFilters'>> {
    return this.call('setDiskFilters', { diskKey, filters }, LONG_MS);
  }

  /** On a fault everything is as before. */
  operate(params: ControlParams<'operate'>): Promise<ControlResult<'operate'>> {
    return this.call('operate', params, OPERATION_MS);
  }

  cancel(mark: string): Promise<ControlResult<'cancel'>> {
    return this.call('cancel', { mark }, SHORT_MS);
  }

  /** On success the world ends by itself. On a fault it runs on as before. */
  handOver(ticket: HandoverTicket): Promise<ControlResult<'handOver'>> {
    return this.call('handOver', { ticket }, 2 * LONG_MS);
  }

  /** Returns when disks are flushed and locks released; the process ends right after. */
  stop(): Promise<ControlResult<'stop'>> {
    return this.call('stop', {}, LONG_MS);
  }

  /**
   * Waits until a world that was just started is `running` (or `waiting`, for an incoming one).
   * Throws the world's own fault when it could not open, and `Timedout` after the given time.
   */
  async waitUntilReady({
    timeoutMs = 20_000,
    isAlive = () => true,
  }: {
    timeoutMs?: number;
    /** False once the process has ended: then waiting is over at once. */
    isAlive?: () => boolean;
  } = {}): Promise<WorldStatus> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      const alive = isAlive();
      const status = await this.#statusOrNull();
      if (status?.state === 'running' || status?.state === 'waiting') return status;
      if (status?.fault) throw fromFaultRecord(status.fault);
      if (!alive)
        throw new Fault('SystemError', 'The process of the virtual machine ended at once.');
      if (this.#clock.monotonic() > deadline) {
        throw new Fault('Timedout', 'The process of the virtual machine did not start in time.');
      }
      await sleep(this.#clock, 15);
    }
  }

  /**
   * Does something with a world that was just started, as soon as it answers; nothing when it ended
   * or does not come: `waitUntilReady` says so.
   */
  async whenThere(
    { timeoutMs, isAlive }: { timeoutMs: number; isAlive: () => boolean },
    work: () => Promise<void>,
  ): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    while (isAlive() && this.#clock.monotonic() < deadline) {
      const status = await this.#statusOrNull();
      if (status !== null) return work();
      await sleep(this.#clock, 15);
    }
  }

  async call<M extends ControlMethod>(
    method: M,
    params: ControlParams<M>,
    timeoutMs: number,
  ): Promise<ControlResult<M>> {
    const link = new ControlLink(this.#controlSocketPath, this.#clock);
    try {
      return await link.call(method, params, timeoutMs);
    } finally {
      link.close();
    }
  }

  async #statusOrNull(): Promise<WorldStatus | null> {
    try {
      return await this.status();
    } catch (thrown) {
      // Not there yet.
      if (thrown instanceof Fault && thrown.fault === 'HostNotReachable') return null;
      throw thrown;
    }
  }
}
