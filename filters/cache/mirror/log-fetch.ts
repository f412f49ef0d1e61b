// Brings a write-back log that lies on another host's flash to this one, by way of the daemons of
// both: whoever has it gives it away once and for all, then sends it piece by piece.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import type { MirrorMessage } from './mirror-messages.ts';

export const PIECE_BYTES = 1024 * 1024;
/** Asked for at once. */
const PIECES_AHEAD = 4;
/** A host that answers nothing for so long is not waited for any more, in milliseconds. */
const SILENCE_MS = 10_000;

export interface LogFetchParts {
  clock: FilterContext['clock'];
  logId: string;
  /** False when it cannot be sent. */
  send(message: MirrorMessage): boolean;
  /** A file of this host's flash. Throws when there is no room. */
  make(sizeBytes: number): FlashFile;
}

export class LogFetch {
  readonly #parts: LogFetchParts;
  #file: FlashFile | null = null;
  #askedTo = 0;
  #missing = 0;
  #timer: FilterTimer | null = null;
  #resolve: (file: FlashFile) => void = () => undefined;
  #reject: (thrown: Error) => void = () => undefined;

  constructor(parts: LogFetchParts) {
    this.#parts = parts;
  }

  /** Resolves when it is here and durable. Rejects, with nothing left here, when it cannot be. */
  run(): Promise<FlashFile> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#tell({ kind: 'fetch', logId: this.#parts.logId });
      this.#watch();
    });
  }

  hear(message: MirrorMessage): void {
    try {
      if (message.kind === 'lost') throw new Error(message.why);
      if (message.kind === 'file') this.#begin(message.count);
      else if (message.kind === 'write') this.#take(message);
      this.#watch();
    } catch (thrown) {
      this.fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  fail(why: Error): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#file?.remove();
    this.#file = null;
    this.#reject(why);
  }

  #begin(sizeBytes: number): void {
    if (this.#file !== null) return;
    this.#file = this.#parts.make(sizeBytes);
    this.#missing = sizeBytes;
    for (let piece = 0; piece < PIECES_AHEAD; piece++) this.#ask();
  }

  #ask(): void {
    if (this.#file === null || this.#askedTo >= this.#file.sizeBytes) return;
    this.#tell({ kind: 'read', position: this.#askedTo });
    this.#askedTo += PIECE_BYTES;
  }

  #take({ position, data }: { position: number; data: Uint8Array }): void {
    const file = this.#file;
    if (file === null || data.length === 0) throw new Error('it sent what is no piece of a log');
    // What was never written stays a hole here as well.
    if (data.some((byte) => byte !== 0)) file.write(position, data);
    this.#missing -= data.length;
    this.#ask();
    if (this.#missing === 0) void this.#end(file);
  }

  async #end(file: FlashFile): Promise<void> {
    this.#timer?.cancel();
    try {
      await file.sync();
      this.#resolve(file);
    } catch (thrown) {
      this.fail(new Error(`the flash of this host fails: ${thrown}`));
    }
  }

  #tell(message: MirrorMessage): void {
    if (!this.#parts.send(message)) throw new Error('the daemon of this host is away');
  }

  #watch(): void {
    this.#timer?.cancel();
    if (this.#file !== null && this.#missing === 0) return;
    this.#timer = this.#parts.clock.after(SILENCE_MS, () => {
      this.fail(new Error(`no answer for ${SILENCE_MS / 1000} s`));
    });
  }
}
