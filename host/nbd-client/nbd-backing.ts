// A virtual disk on an NBD server. When the connection is lost it connects again with back-off and
// sends what has no answer once more, which is safe: reads, writes, zeroes, trims and flushes may
// be done twice. After a limit all I/O fails with EIO until the server is back.
import { assert } from '#lib/base/assert.ts';
import { backoffMs } from '#lib/base/backoff.ts';
import { type Clock, sleep, type Timer } from '#lib/base/clock.ts';
import { COMMANDS, TRANSMISSION_FLAGS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { type ChainIo, PENDING } from '../chain/chain-io.ts';
import type { Backing } from '../disk/backing.ts';
import type { ServerInfo } from './client-handshake.ts';
import { flushTask, planIo } from './io-plan.ts';
import type { NbdTarget } from './nbd-address.ts';
import { NbdLink } from './nbd-link.ts';
import { WireTask } from './wire-task.ts';

/** Connecting and the handshake may each take so long, in milliseconds. */
const CONNECT_MS = 5_000;
const RETRY = { firstMs: 50, maxMs: 2_000 };
/** How often it is looked whether the server still answers, in milliseconds. */
const WATCH_MS = 500;
/** Block status of at most so many bytes at a time, whole sectors within 32 bits. */
const STATUS_BYTES_MAX = 2 ** 31;

/**
 * `waiting`: the connection is lost, I/O waits. `lost`: it waited too long, I/O fails with EIO
 * until the server is back.
 */
export type NbdState = 'connected' | 'waiting' | 'lost' | 'closed';

export interface NbdBackingParts {
  /** Asked before each attempt to connect, because a server may come back somewhere else. */
  locate(): Promise<NbdTarget>;
  clock: Clock;
  /** I/O waits so long for a lost server, in milliseconds; 0: it fails, and there is no return. */
  waitMs: number;
  /** A server that leaves a request without an answer for so long counts as lost. */
  answerMs: number;
  onState(state: NbdState, message: string): void;
}

export class NbdBacking implements Backing {
  readonly sizeBytes: number;
  readonly #parts: NbdBackingParts;
  readonly #info: ServerInfo;
  #link: NbdLink | null = null;
  #state: NbdState = 'connected';
  /** What waits for a connection, in order. */
  #waiting: WireTask[] = [];
  #watch: Timer | null = null;
  #limit: Timer | null = null;

  private constructor(parts: NbdBackingParts, link: NbdLink) {
    this.#parts = parts;
    this.#info = link.info;
    this.sizeBytes = link.info.sizeBytes;
    this.#adopt(link);
    this.#watchServer();
  }

  /** Throws `CannotOpenDisk`, also for an export that is read only or has large sectors. */
  static async open(parts: NbdBackingParts): Promise<NbdBacking> {
    const link = await connect(parts);
    const { transmissionFlags, minimumBytes, sizeBytes } = link.info;
    const refuse = (why: string): Fault => {
      link.close();
      return new Fault('CannotOpenDisk', `The block device cannot be used: ${why}.`);
    };
    if ((transmissionFlags & TRANSMISSION_FLAGS.readOnly) !== 0) {
      throw refuse('its server offers it for reading alone');
    }
    if (minimumBytes > SECTOR_BYTES) throw refuse(`its blocks have ${minimumBytes} bytes`);
    if (sizeBytes < SECTOR_BYTES) throw refuse('it is empty');
    return new NbdBacking(parts, link);
  }

  get state(): NbdState {
    return this.#state;
  }

  submit(io: ChainIo): number {
    if (this.#state === 'lost' || this.#state === 'closed') return NBD_ERRORS.EIO;
    const disk = new DiskIoOnWire(this, io);
    const plan = planIo(io, this.#info, disk);
    if (typeof plan === 'number') return plan;
    return disk.start(plan.tasks, plan.flushAfter) ? PENDING : 0;
  }

  /** For an I/O under way. */
  send(task: WireTask): void {
    if (this.#link !== null) this.#link.send(task);
    else if (this.#state === 'waiting') this.#waiting.push(task);
    else queueMicrotask(() => task.owner.taskDone(task, NBD_ERRORS.EIO));
  }

  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    if (this.#state === 'lost' || this.#state === 'closed') return NBD_ERRORS.EIO;
    if (this.#info.contextId === null) return [{ length, flags: 0 }];
    const asked = Math.min(length, STATUS_BYTES_MAX);
    const { error, extents } = await this.#run((task) => {
      task.command = COMMANDS.blockStatus;
      task.offset = offset;
      task.length = asked;
    });
    if (error !== 0) return error;
    return clip(extents, asked);
  }

  async flush(): Promise<number> {
    if (this.#state === 'lost' || this.#state === 'closed') return NBD_ERRORS.EIO;
    if ((this.#info.transmissionFlags & TRANSMISSION_FLAGS.sendFlush) === 0) return 0;
    const { error } = await this.#run((task) => {
      task.command = COMMANDS.flush;
    });
    return error;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#watch?.cancel();
    this.#limit?.cancel();
    this.#link?.close();
    this.#link = null;
    this.#fail();
  }

  #run(fill: (task: WireTask) => void): Promise<{ error: number; extents: StatusExtent[] }> {
    return new Promise((resolve) => {
      const taskDone = (done: WireTask, error: number): void =>
        resolve({ error, extents: done.extents });
      const task = new WireTask({ taskDone });
      fill(task);
      this.send(task);
    });
  }

  #adopt(link: NbdLink): void {
    this.#link = link;
    link.onEnd((reason, unanswered) => this.#lost(reason, unanswered));
  }

  #lost(reason: string, unanswered: WireTask[]): void {
    if (this.#state === 'closed') return;
    this.#link = null;
    for (const task of unanswered) task.restart();
    this.#waiting = [...unanswered, ...this.#waiting];
    if (this.#parts.waitMs === 0) {
      this.#giveUp(reason);
      return;
    }
    this.#enter('waiting', reason);
    this.#limit = this.#parts.clock.after(this.#parts.waitMs, () => this.#giveUp(reason));
    void this.#reconnect();
  }

  #giveUp(reason: string): void {
    this.#enter('lost', reason);
    if (this.#parts.waitMs === 0) this.#watch?.cancel();
    this.#fail();
  }

  #fail(): void {
    for (const task of this.#waiting.splice(0)) task.owner.taskDone(task, NBD_ERRORS.EIO);
  }

  async #reconnect(): Promise<void> {
    const { clock } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      await sleep(clock, backoffMs(RETRY, attempt));
      if (this.#isClosed()) return;
      const link = await connect(this.#parts).catch(() => null);
      if (link === null) continue;
      if (!this.#isClosed() && this.#isSame(link.info)) {
        this.#resume(link);
        return;
      }
      link.close();
      if (this.#isClosed()) return;
    }
  }

  #resume(link: NbdLink): void {
    this.#limit?.cancel();
    this.#limit = null;
    this.#adopt(link);
    this.#enter('connected', 'The server is back.');
    for (const task of this.#waiting.splice(0)) this.send(task);
  }

  /** Requests are cut for what the server could do, so that it must still be able to. */
  #isSame({ sizeBytes, transmissionFlags, maximumBytes, contextId }: ServerInfo): boolean {
    const had = this.#info;
    return (
      sizeBytes === had.sizeBytes &&
      transmissionFlags === had.transmissionFlags &&
      maximumBytes >= had.maximumBytes &&
      contextId === had.contextId
    );
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #enter(state: NbdState, message: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#parts.onState(state, message);
  }

  #watchServer(): void {
    const { clock, answerMs } = this.#parts;
    this.#watch = clock.after(WATCH_MS, () => {
      if (this.#isClosed()) return;
      const link = this.#link;
      if (link !== null && link.oldestMs() > answerMs) link.abort('the server does not answer');
      this.#watchServer();
    });
  }
}

/** One I/O of the disk while its requests are under way. */
class DiskIoOnWire {
  readonly #backing: NbdBacking;
  readonly #io: ChainIo;
  #left = 0;
  #error = 0;
  #flushAfter = false;

  constructor(backing: NbdBacking, io: ChainIo) {
    this.#backing = backing;
    this.#io = io;
  }

  /** False when there is nothing to do. */
  start(tasks: readonly WireTask[], flushAfter: boolean): boolean {
    const first = tasks.length > 0 ? tasks : flushAfter ? [flushTask(this)] : [];
    this.#flushAfter = flushAfter && tasks.length > 0;
    this.#left = first.length;
    for (const task of first) this.#backing.send(task);
    return first.length > 0;
  }

  taskDone(_task: WireTask, error: number): void {
    this.#error ||= error;
    this.#left -= 1;
    if (this.#left > 0) return;
    if (this.#error === 0 && this.#flushAfter) {
      this.#flushAfter = false;
      this.#left = 1;
      this.#backing.send(flushTask(this));
      return;
    }
    this.#io.carrier?.diskDone(this.#io, this.#error);
  }
}

async function connect({ locate, clock }: NbdBackingParts): Promise<NbdLink> {
  return NbdLink.connect(await locate(), { clock, timeoutMs: CONNECT_MS });
}

/** A server may tell of more than it was asked for, and of less. */
function clip(extents: readonly StatusExtent[], length: number): StatusExtent[] {
  const clipped: StatusExtent[] = [];
  let left = length;
  for (const extent of extents) {
    assert(left >= 0, 'an extent is cut at the end of the range');
    if (left === 0) break;
    const part = Math.min(extent.length, left);
    clipped.push({ length: part, flags: extent.flags });
    left -= part;
  }
  return clipped;
}
