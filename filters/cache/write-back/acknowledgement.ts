// When an I/O that stands in the log is answered: a write when the mirror has it too, if there is
// one, a flush when it is durable in both.
import { type Deferral, EIO } from '#lib/filter-sdk/filter.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { DirtyData } from './dirty-data.ts';

export interface AcknowledgementParts {
  dirty(): DirtyData | null;
  mirror(): Mirror | null;
  /** The flash has failed; resolves when all is on the disk instead. */
  onFlashFailure(thrown: unknown): Promise<void>;
}

export class Acknowledgement {
  readonly #parts: AcknowledgementParts;
  readonly #syncs = new Set<Promise<void>>();

  constructor(parts: AcknowledgementParts) {
    this.#parts = parts;
  }

  /** A write in the log is answered at once. */
  get isImmediate(): boolean {
    return this.#parts.mirror() === null;
  }

  /** There is nothing that a flush would have to wait for. */
  get isDurable(): boolean {
    const dirty = this.#parts.dirty();
    return dirty === null || (dirty.log.isDurable && (this.#parts.mirror()?.isDurable ?? true));
  }

  whenThere(token: Deferral): void {
    const there = this.#parts.mirror()?.received() ?? Promise.resolve();
    there.then(
      () => token.complete(),
      () => token.fail(EIO),
    );
  }

  whenDurable(token: Deferral): void {
    this.makeDurable().then(
      () => token.complete(),
      () => token.fail(EIO),
    );
  }

  async makeDurable(): Promise<void> {
    const dirty = this.#parts.dirty();
    if (dirty === null) return;
    const mirrored = this.#parts.mirror()?.durable();
    // Awaited below; until then nobody may miss a rejection.
    mirrored?.catch(() => undefined);
    const sync = dirty.log.sync();
    this.#syncs.add(sync);
    try {
      await sync;
    } catch (thrown) {
      this.#syncs.delete(sync);
      // Then it is durable when it is on the disk.
      await this.#parts.onFlashFailure(thrown);
    }
    this.#syncs.delete(sync);
    await mirrored;
  }

  /** Resolves when the log's file is not being synchronized any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#syncs);
  }
}
