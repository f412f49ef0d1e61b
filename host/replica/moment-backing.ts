// A copy as it was at one moment, as a disk that only reads. The moment is pinned while it is open.
import { STATE_HOLE, STATE_ZERO } from '#lib/formats/nbd/constants.ts';
import { errnoOfCode, NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { type ChainIo, PENDING, READ, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import { errnoOf } from '../datastore/errno.ts';
import type { Backing } from '../disk/backing.ts';
import { appendExtent } from '../disk/files/block-status.ts';
import type { ReplicaDisk } from './replica-disk.ts';

export class MomentBacking implements Backing {
  readonly sizeBytes: number;
  readonly #replica: ReplicaDisk;
  readonly #sequence: number;
  readonly #pin: object;

  /** Throws `InvalidArgument` when the moment cannot be had. */
  constructor(replica: ReplicaDisk, sequence: number) {
    this.#pin = replica.pin(sequence);
    this.#replica = replica;
    this.#sequence = sequence;
    this.sizeBytes = replica.sizeAt(sequence);
  }

  submit(io: ChainIo): number {
    if (io.code === WRITE || io.code === WRITE_ZEROES) return NBD_ERRORS.EPERM;
    if (io.code !== READ) return 0;
    const { carrier, offset, length, start } = io;
    const part = io.buffer.subarray(start, start + length);
    this.#replica.read(this.#sequence, offset, part).then(
      () => carrier?.diskDone(io, 0),
      (thrown: unknown) => carrier?.diskDone(io, errnoOfCode(errnoOf(thrown) ?? 'EIO')),
    );
    return PENDING;
  }

  /** What the journal knows to be zeroes; all else counts as data. */
  async blockStatus(offset: number, length: number): Promise<StatusExtent[]> {
    const extents: StatusExtent[] = [];
    for (const piece of this.#replica.journal.index.resolve(this.#sequence, offset, length)) {
      const isZero = piece.source.from === 'zeroes';
      appendExtent(extents, piece.length, isZero ? STATE_HOLE | STATE_ZERO : 0);
    }
    return extents;
  }

  flush(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): void {
    this.#replica.unpin(this.#pin);
  }
}
