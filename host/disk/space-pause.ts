// Stands before a disk whose datastore may become full: I/Os that fail for want of space wait and
// are tried again, in time and when asked to, while reads and writes that need no space go on.
// Nothing is lost, and the guest sees only that it takes long.

import { assert } from '#lib/base/assert.ts';
import { type Clock, sleep, type Timer } from '#lib/base/clock.ts';
import type { Deferral } from '#lib/filter-sdk/filter.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';
import { type ChainIo, type IoCarrier, PENDING } from '../chain/chain-io.ts';
import type { Backing } from './backing.ts';

/** How often what waits is tried again, in milliseconds. */
const RETRY_MS = 2000;
/** How long I/O may take to end before the disk below it changes, in milliseconds. */
const PARK_MS = 20_000;

export interface SpacePauseParts {
  inner: Backing;
  clock: Clock;
  /** One more I/O waits; `held` is how many do. */
  onNoSpace(held: number): void;
  /** None waits any more. */
  onSpaceAgain(): void;
}

export class SpacePause implements Backing, IoCarrier {
  readonly #parts: SpacePauseParts;
  #inner: Backing;
  /** Whom to tell about I/Os that the disk answered PENDING to. */
  readonly #carriers = new Map<ChainIo, IoCarrier>();
  /** Those that failed for want of space and are not answered. */
  readonly #waiting = new Set<ChainIo>();
  /** Of those, the ones that are not being tried again just now. */
  #idle: ChainIo[] = [];
  /** While parked: what came, and was not tried; null while it is not. */
  #parked: ChainIo[] | null = null;
  #timer: Timer | null = null;

  constructor(parts: SpacePauseParts) {
    this.#parts = parts;
    this.#inner = parts.inner;
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  /** I/Os that wait for space. */
  get held(): number {
    return this.#waiting.size;
  }

  /** I/Os that the disk below has, and has not answered. */
  get moving(): number {
    return this.#carriers.size - this.#idle.length - (this.#parked?.length ?? 0);
  }

  get inner(): Backing {
    return this.#inner;
  }

  /** Another disk takes the place; what waits is tried there. No other I/O may be moving. */
  replaceInner(inner: Backing): void {
    this.#inner = inner;
  }

  submit(io: ChainIo): number {
    const { carrier } = io;
    assert(carrier !== null, 'an I/O on a disk has a carrier');
    io.carrier = this;
    if (this.#parked !== null) {
      this.#carriers.set(io, carrier);
      this.#parked.push(io);
      return PENDING;
    }
    const error = this.#inner.submit(io);
    if (error === PENDING || error === NBD_ERRORS.ENOSPC) this.#carriers.set(io, carrier);
    else io.carrier = carrier;
    if (error !== NBD_ERRORS.ENOSPC) return error;
    this.#hold(io);
    return PENDING;
  }

  diskDone(io: ChainIo, error: number): void {
    if (error === NBD_ERRORS.ENOSPC) this.#hold(io);
    else this.#answer(io, error);
  }

  deferralOf(io: ChainIo): Deferral {
    const carrier = this.#carriers.get(io);
    assert(carrier !== undefined, 'only an I/O under way can be deferred');
    return carrier.deferralOf(io);
  }

  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    return this.#inner.blockStatus(offset, length);
  }

  flush(): Promise<number> {
    return this.#inner.flush();
  }

  /**
   * The disk below can be changed by the work, although the guest's I/O does not come to rest: what
   * waits, and what comes meanwhile, is tried when the work is done. Throws `Timedout` when what
   * the disk has does not end.
   */
  async whileParked<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts;
    assert(this.#parked === null, 'a disk is parked once at a time');
    const parked: ChainIo[] = [];
    this.#parked = parked;
    this.#timer?.cancel();
    this.#timer = null;
    try {
      const deadline = clock.monotonic() + PARK_MS;
      while (this.moving > 0) {
        if (clock.monotonic() > deadline) {
          throw new Fault('Timedout', 'I/O that is under way at a datastore does not end.');
        }
        await sleep(clock, 1);
      }
      return await work();
    } finally {
      this.#parked = null;
      for (const io of parked) this.#try(io);
      this.retryNow();
    }
  }

  /** Tries everything that waits again, now. */
  retryNow(): void {
    for (const io of this.#takeIdle()) this.#try(io);
  }

  /** What waits fails with ENOSPC after all: the virtual machine ends. */
  giveUp(): void {
    for (const io of this.#takeIdle()) this.#answer(io, NBD_ERRORS.ENOSPC);
  }

  async close(): Promise<void> {
    this.giveUp();
    await this.#inner.close();
  }

  #try(io: ChainIo): void {
    const error = this.#inner.submit(io);
    if (error !== PENDING) this.diskDone(io, error);
  }

  #takeIdle(): ChainIo[] {
    this.#timer?.cancel();
    this.#timer = null;
    const idle = this.#idle;
    this.#idle = [];
    return idle;
  }

  #hold(io: ChainIo): void {
    this.#idle.push(io);
    if (this.#parked === null) {
      this.#timer ??= this.#parts.clock.after(RETRY_MS, () => this.retryNow());
    }
    if (this.#waiting.has(io)) return;
    this.#waiting.add(io);
    this.#parts.onNoSpace(this.#waiting.size);
  }

  #answer(io: ChainIo, error: number): void {
    const carrier = this.#carriers.get(io);
    assert(carrier !== undefined, 'an I/O is answered once');
    this.#carriers.delete(io);
    io.carrier = carrier;
    if (this.#waiting.delete(io) && this.#waiting.size === 0) this.#parts.onSpaceAgain();
    carrier.diskDone(io, error);
  }
}
