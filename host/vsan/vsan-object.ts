// A vSAN object as a virtual disk: RAID-1 over two hosts with a witness on a third. Its one owner,
// the world that has the disk open, writes to all copies that count and reads from one.
// docs/datastores/vsan.md has the argument why no stale data is ever served.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import {
  type ChainIo,
  FLUSH,
  PENDING,
  PREFETCH,
  READ,
  TRIM,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';
import type { Backing } from '../disk/backing.ts';
import { PUNCH_BYTES_MIN } from '../disk/files/zero-range.ts';
import { runIo } from '../nbd-client/backing-io.ts';
import { MirroredIo } from './mirrored-io.ts';
import type { KeeperParts, ObjectKeeper } from './object-keeper.ts';

export type ObjectState =
  | 'healthy'
  | 'reducedRedundancy'
  | 'resyncing'
  | 'inaccessible'
  | 'fenced'
  | 'closed';

export interface ObjectStatus {
  state: ObjectState;
  /** Left to copy, of a resynchronisation. */
  bytesLeft: number;
}

export class VsanObject implements Backing {
  readonly sizeBytes: number;
  readonly #keeper: ObjectKeeper;
  readonly #parts: KeeperParts;
  readonly #onState: (status: ObjectStatus) => void;
  /** What waits for the object to become accessible, in order. */
  #parked: MirroredIo[] = [];
  #closed = false;
  #lastState: ObjectState = 'healthy';

  constructor(
    parts: Omit<KeeperParts, 'onChange'>,
    makeKeeper: (parts: KeeperParts) => ObjectKeeper,
    onState: (status: ObjectStatus) => void,
  ) {
    this.#parts = { ...parts, onChange: () => this.#changed() };
    this.sizeBytes = parts.sizeBytes;
    this.#onState = onState;
    this.#keeper = makeKeeper(this.#parts);
  }

  status(): ObjectStatus {
    return { state: this.#state(), bytesLeft: Math.max(0, ...this.#keeper.resyncing.values()) };
  }

  submit(io: ChainIo): number {
    if (this.#closed || this.#keeper.fenced) return NBD_ERRORS.ESHUTDOWN;
    if (io.code === PREFETCH) return 0;
    // Copies on different file systems might not agree whether zeroes are fast.
    if (io.code === WRITE_ZEROES && io.fastZero) return NBD_ERRORS.ENOTSUP;
    const short = io.code === TRIM && io.length < PUNCH_BYTES_MIN;
    if (short && !io.fua) return 0;
    const mirrored = new MirroredIo({
      io,
      // A trim leaves what it likes; the copies must leave the same.
      code: short ? FLUSH : io.code === TRIM ? WRITE_ZEROES : io.code,
      since: this.#parts.clock.monotonic(),
      onEnd: (ended) => this.#ended(ended),
    });
    if (mirrored.writes) this.#keeper.gate.enter(mirrored, () => this.#dispatch(mirrored));
    else this.#dispatch(mirrored);
    return PENDING;
  }

  async blockStatus(offset: number, length: number): Promise<StatusExtent[] | number> {
    const disk = this.#keeper.accessible ? this.#keeper.readers()[0]?.disk : null;
    return disk ? disk.blockStatus(offset, length) : [{ length, flags: 0 }];
  }

  flush(): Promise<number> {
    return runIo(this, { code: FLUSH, offset: 0, length: 0 });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#changed();
    await this.#keeper.close();
  }

  #dispatch(mirrored: MirroredIo): void {
    const { accessible } = this.#keeper;
    if (!accessible) this.#park(mirrored);
    else if (mirrored.code === READ) mirrored.send(this.#keeper.readers().slice(0, 1));
    else mirrored.send(this.#keeper.writers());
  }

  #ended(mirrored: MirroredIo): void {
    if (mirrored.code === READ) this.#endedRead(mirrored);
    else void this.#endedWrite(mirrored);
  }

  #endedRead(mirrored: MirroredIo): void {
    const [failed] = mirrored.failed;
    if (failed === undefined) {
      this.#finish(mirrored, 0);
      return;
    }
    const [id, error] = failed;
    mirrored.unreadable.add(id);
    const others = this.#keeper.readers().filter((each) => !mirrored.unreadable.has(each.id));
    if (others.length > 0 && this.#keeper.accessible) {
      mirrored.send(others.slice(0, 1));
    } else if (this.#keeper.replicas.get(id)?.disk) {
      // The node answered, and what it said is so.
      this.#finish(mirrored, error);
    } else {
      mirrored.unreadable.clear();
      this.#park(mirrored);
    }
  }

  async #endedWrite(mirrored: MirroredIo): Promise<void> {
    const { membership, replicas } = this.#keeper;
    const { done, failed } = mirrored;
    const survivor = [...failed.keys()].find((id) => replicas.get(id)?.disk);
    const onNone = !membership.config.components.some(({ id, state }) => {
      return state === 'active' && done.has(id);
    });
    if (onNone && survivor !== undefined) return this.#refused(mirrored, survivor);
    for (const id of failed.keys()) replicas.get(id)?.lose('a write to it failed');
    if (onNone) return this.#park(mirrored);
    for (;;) {
      const missing = this.#keeper.missing(done);
      if (missing.length === 0 && membership.settled) return this.#finish(mirrored, 0);
      if (!(await this.#keeper.exclude(missing))) return this.#park(mirrored);
    }
  }

  /** Every copy that answered failed it, for want of space say: so does the disk. */
  async #refused(mirrored: MirroredIo, survivor: string): Promise<void> {
    const error = mirrored.failed.get(survivor) ?? NBD_ERRORS.EIO;
    // They may have done different parts of it: one copy alone says what is there now.
    for (const id of mirrored.failed.keys()) {
      if (id !== survivor) this.#keeper.replicas.get(id)?.lose('a write to it failed');
    }
    const others = [...this.#keeper.membership.maybeActive].filter((id) => id !== survivor);
    if (await this.#keeper.exclude(others)) this.#finish(mirrored, error);
    else this.#park(mirrored);
  }

  #park(mirrored: MirroredIo): void {
    this.#parked.push(mirrored);
    if (this.#closed || this.#keeper.fenced) this.#changed();
  }

  /** The keeper says that something is different now, or that time has passed. */
  #changed(): void {
    this.#tellState();
    if (this.#parked.length === 0) return;
    const { clock, times } = this.#parts;
    const parked = this.#parked;
    this.#parked = [];
    const ended = this.#closed || this.#keeper.fenced;
    const oldest = clock.monotonic() - times.waitMs;
    for (const mirrored of parked) {
      if (ended) this.#finish(mirrored, NBD_ERRORS.ESHUTDOWN);
      else if (this.#keeper.accessible) this.#dispatch(mirrored);
      else if (mirrored.since < oldest) this.#finish(mirrored, NBD_ERRORS.EIO);
      else this.#parked.push(mirrored);
    }
  }

  #finish(mirrored: MirroredIo, error: number): void {
    const { io, offset, length } = mirrored;
    if (mirrored.writes) {
      this.#keeper.touched(offset, length);
      this.#keeper.gate.leave(mirrored);
    }
    io.carrier?.diskDone(io, error);
  }

  #tellState(): void {
    const status = this.status();
    if (status.state === this.#lastState) return;
    this.#lastState = status.state;
    this.#onState(status);
  }

  #state(): ObjectState {
    if (this.#closed) return 'closed';
    if (this.#keeper.fenced) return 'fenced';
    if (!this.#keeper.accessible) return 'inaccessible';
    if (this.#keeper.resyncing.size > 0) return 'resyncing';
    const { membership, replicas } = this.#keeper;
    const whole = membership.config.components.every(
      ({ id, state }) => state === 'active' && replicas.get(id)?.reachable,
    );
    return whole ? 'healthy' : 'reducedRedundancy';
  }
}
