// Checked mode: what a filter is lent is not the I/O itself but a stand-in with a copy of the data
// between two guards, and is taken back when the filter has answered. So it shows when a filter
// writes beside its data, keeps an I/O or its data, or changes them after its answer. It costs a
// copy each way; certification runs in it.
import { assert } from '#lib/base/assert.ts';
import type { Deferral, DiskIo, DiskOperation } from '#lib/filter-sdk/filter.ts';
import type { ChainIo } from './chain-io.ts';

/** On both sides of the data, in bytes. */
const GUARD_BYTES = 64;
const GUARD = 0xa5;
/** What a filter finds in data that are no longer its own. */
export const POISON = 0xdb;
/** So many buffers are watched after they were taken back. */
const QUARANTINE = 64;
/** Larger buffers are watched as well, but not many of them: so many bytes at most. */
const QUARANTINE_BYTES = 4 * 1024 * 1024;

/** What a filter did with an I/O that was lent to it, in the words of a fault. */
export type Complaint = (filter: number, operation: string, message: string) => void;

interface Taken {
  bytes: Uint8Array;
  filter: number;
  operation: string;
}

export class IoChecker {
  readonly #complain: Complaint;
  readonly #lent = new Map<ChainIo, LentIo>();
  #quarantine: Taken[] = [];
  #quarantined = 0;

  constructor(complain: Complaint) {
    this.#complain = complain;
  }

  /** What the filter gets to see of the I/O. */
  lend(io: ChainIo, filter: number): DiskIo {
    assert(!this.#lent.has(io), 'an I/O is lent to one filter at a time');
    const operation = io.wayOut ? 'completed' : io.operation;
    const lent = new LentIo(io, (message) => this.#complain(filter, operation, message));
    this.#lent.set(io, lent);
    return lent;
  }

  /** The filter has answered. Its changes of the data count, and nothing that it does later. */
  takeBack(io: ChainIo, filter: number): void {
    const lent = this.#lent.get(io);
    if (lent === undefined) return;
    this.#lent.delete(io);
    const operation = io.wayOut ? 'completed' : io.operation;
    const bytes = lent.end();
    if (bytes !== null) this.#watch({ bytes, filter, operation });
  }

  /** Looks at all buffers that were taken back; for the end of a test. */
  sweep(): void {
    for (const taken of this.#quarantine) this.#examine(taken);
    this.#quarantine = [];
    this.#quarantined = 0;
  }

  #watch(taken: Taken): void {
    this.#quarantine.push(taken);
    this.#quarantined += taken.bytes.length;
    const full = (): boolean =>
      this.#quarantine.length > QUARANTINE || this.#quarantined > QUARANTINE_BYTES;
    while (full()) {
      const oldest = this.#quarantine.shift();
      if (oldest === undefined) return;
      this.#quarantined -= oldest.bytes.length;
      this.#examine(oldest);
    }
  }

  #examine({ bytes, filter, operation }: Taken): void {
    if (bytes.every((byte) => byte === POISON)) return;
    this.#complain(filter, operation, "wrote to an I/O's data after it had answered");
  }
}

/** What a filter gets for looking at an I/O that it has no part in any more. */
function stale(): Error {
  return new Error('ESTALE: this I/O was answered');
}

/** The stand-in. It knows nothing any more once it was taken back. */
class LentIo implements DiskIo {
  readonly #complain: (message: string) => void;
  #io: ChainIo | null;
  #whole: Uint8Array | null = null;
  #data: Uint8Array | null = null;

  constructor(io: ChainIo, complain: (message: string) => void) {
    this.#io = io;
    this.#complain = complain;
  }

  get operation(): DiskOperation {
    return this.#borrowed().operation;
  }

  get offset(): number {
    return this.#borrowed().offset;
  }

  get length(): number {
    return this.#borrowed().length;
  }

  get fua(): boolean {
    return this.#borrowed().fua;
  }

  get error(): number {
    return this.#borrowed().error;
  }

  get data(): Uint8Array {
    const { data: real } = this.#borrowed();
    if (this.#data !== null) return this.#data;
    // Of its own size, so that `data.buffer` reaches no further than the guards.
    this.#whole = new Uint8Array(real.length + 2 * GUARD_BYTES).fill(GUARD);
    this.#data = this.#whole.subarray(GUARD_BYTES, GUARD_BYTES + real.length);
    this.#data.set(real);
    return this.#data;
  }

  defer(): Deferral {
    return this.#borrowed().defer();
  }

  /** Returns the bytes that the filter had, now poisoned; null when it never looked. */
  end(): Uint8Array | null {
    const io = this.#io;
    const [whole, data] = [this.#whole, this.#data];
    this.#io = null;
    if (io === null || whole === null || data === null) return null;
    const guards = [whole.subarray(0, GUARD_BYTES), whole.subarray(GUARD_BYTES + data.length)];
    if (guards.some((guard) => guard.some((byte) => byte !== GUARD))) {
      this.#complain("wrote outside an I/O's data");
    }
    io.data.set(data);
    return whole.fill(POISON);
  }

  #borrowed(): ChainIo {
    if (this.#io !== null) return this.#io;
    this.#complain('used an I/O after it had answered');
    throw stale();
  }
}
