// What a filter does on a disk on its own: I/O below it, and writes of its sidecar. Both go through
// one gate, so that they can be made to stand still.
import type { BelowIo, FilterSidecar } from '#lib/filter-sdk/filter.ts';
import { SIDECAR_BYTES_MAX } from '#lib/model/limits.ts';
import { type ChainBelow, OwnBelowIo } from './below-io.ts';
import { Gate } from './gate.ts';

export interface OwnWorkParts {
  /** As it is now; a disk can grow. */
  sizeBytes(): number;
  /** Whether I/O may be done now; when not, it fails with ESHUTDOWN. */
  isServing(): boolean;
  /** As the disk has it; null when it has none. */
  sidecarContents: Uint8Array | null;
  /** Replaces the sidecar durably; one call at a time. */
  writeSidecar(bytes: Uint8Array): Promise<void>;
}

export class OwnWork {
  readonly below: BelowIo;
  readonly sidecar: FilterSidecar;
  readonly #gate = new Gate('ESHUTDOWN: the filter has left the disk');
  readonly #below: OwnBelowIo;
  #lost = false;
  #sidecarWrites = 0;

  /** Held until the first `release`: there is nothing below a filter that is being opened. */
  constructor({ sizeBytes, isServing, sidecarContents, writeSidecar }: OwnWorkParts) {
    this.#below = new OwnBelowIo({ gate: this.#gate, sizeBytes, isServing });
    this.below = this.#below;
    let last: Promise<void> = Promise.resolve();
    this.sidecar = {
      contents: sidecarContents,
      write: async (bytes) => {
        const copy = checkedCopy(bytes);
        // One after the other, so that the last one written is what stays.
        const written = last.then(() => this.#gate.run(() => this.#write(copy, writeSidecar)));
        last = written.catch(() => undefined);
        await written;
      },
    };
  }

  /** For a chain in memory: nothing can be written, and there is no sidecar. */
  static none(): OwnWork {
    return new OwnWork({
      sizeBytes: () => 0,
      isServing: () => false,
      sidecarContents: null,
      writeSidecar: () => Promise.reject(new Error('ENOTSUP: there is no disk')),
    });
  }

  /** The filter stands in this chain now; its work must be held. */
  attach(chain: ChainBelow, index: number): void {
    this.#below.attach(chain, index);
  }

  /** The sidecar is not the filter's any more: further writes are rejected. */
  loseSidecar(): void {
    this.#lost = true;
  }

  /** A write of the sidecar is under way. */
  get isWritingSidecar(): boolean {
    return this.#sidecarWrites > 0;
  }

  /** Begins nothing new; resolves when nothing is under way. Idempotent. */
  hold(): Promise<void> {
    return this.#gate.hold();
  }

  /** Goes on, with what came meanwhile first. */
  release(): void {
    this.#gate.open();
  }

  /** Rejects all that comes or waits; resolves when nothing is under way. */
  close(): Promise<void> {
    return this.#gate.close();
  }

  async #write(bytes: Uint8Array, write: OwnWorkParts['writeSidecar']): Promise<void> {
    if (this.#lost) throw sidecarError('ESHUTDOWN: the filter has left the disk');
    this.#sidecarWrites += 1;
    try {
      await write(bytes);
    } finally {
      this.#sidecarWrites -= 1;
    }
  }
}

/** As filters get it: an Error whose message begins with the errno. */
function sidecarError(message: string): Error {
  return new Error(message);
}

function checkedCopy(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw sidecarError('EINVAL: a sidecar is a Uint8Array');
  if (bytes.length > SIDECAR_BYTES_MAX) {
    throw sidecarError(`EFBIG: a sidecar holds ${SIDECAR_BYTES_MAX} bytes at most`);
  }
  // Not `slice`: that of a Buffer shares its memory.
  return new Uint8Array(bytes);
}
