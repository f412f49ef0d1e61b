// One guest I/O on its way to the copies: a write to all that must have it, a read to one and, when
// that fails, to another.
import { assert } from '#lib/base/assert.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { ChainIo, type OperationCode, PENDING, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import type { Replica } from './replica.ts';

export interface MirroredIoParts {
  /** The guest's. */
  io: ChainIo;
  /** What the copies are asked. */
  code: OperationCode;
  /** Monotonic time when it came. */
  since: number;
  /** Called once all copies have answered, or one has for a read. */
  onEnd(mirrored: MirroredIo): void;
}

/** What one copy is asked. */
class CopyIo extends ChainIo {
  finished(): void {
    this.carrier = null;
  }
}

export class MirroredIo {
  readonly io: ChainIo;
  readonly offset: number;
  readonly length: number;
  /** Copies that have done it, and the errors of the others. */
  readonly done = new Set<string>();
  readonly failed = new Map<string, number>();
  /** Copies that could not read it. */
  readonly unreadable = new Set<string>();
  readonly code: OperationCode;
  readonly since: number;
  readonly #onEnd: (mirrored: MirroredIo) => void;
  #left = 0;

  constructor({ io, code, since, onEnd }: MirroredIoParts) {
    this.io = io;
    this.code = code;
    this.offset = io.offset;
    this.length = io.length;
    this.since = since;
    this.#onEnd = onEnd;
  }

  /** Whether it changes data. */
  get writes(): boolean {
    return this.code === WRITE || this.code === WRITE_ZEROES;
  }

  /** Sends it to these copies; may be called again after the end. */
  send(replicas: readonly Replica[]): void {
    this.done.clear();
    this.failed.clear();
    this.#left = replicas.length;
    assert(replicas.length > 0, 'an I/O goes to some copy');
    for (const replica of replicas) this.#sendTo(replica);
  }

  #sendTo(replica: Replica): void {
    const { io } = this;
    const copy = new CopyIo();
    const { offset, length, buffer, start, fua, noHole } = io;
    Object.assign(copy, { code: this.code, offset, length, buffer, start, fua, noHole });
    copy.carrier = {
      deferralOf() {
        assert(false, 'nobody below a chain defers');
      },
      diskDone: (_, error) => this.#answered(replica, error),
    };
    const result = replica.disk === null ? NBD_ERRORS.EIO : replica.disk.submit(copy);
    if (result !== PENDING) queueMicrotask(() => this.#answered(replica, result));
  }

  #answered(replica: Replica, error: number): void {
    if (error === 0) this.done.add(replica.id);
    else this.failed.set(replica.id, error);
    this.#left -= 1;
    if (this.#left === 0) this.#onEnd(this);
  }
}
