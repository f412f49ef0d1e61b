// The mirror of one write-back log as its cache sees it: what is written to the log goes there too,
// and says when it stands there and when it is durable there.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import { encodeMessage, type MirrorMessage, type MirrorPlace } from './mirror-messages.ts';

/** A mirror that answers nothing for so long is lost, in milliseconds. */
const SILENCE_MS = 10_000;

export interface MirrorParts {
  place: MirrorPlace;
  clock: FilterContext['clock'];
  /** False when it cannot be sent. */
  send(message: Uint8Array): boolean;
  /**
   * Called once. Resolves when what waits may be answered without the mirror; rejects when it may
   * not be answered at all.
   */
  onLost(why: string): Promise<void>;
}

interface Waiting {
  /** Writes that must have got so far. */
  count: number;
  resolve: () => void;
  reject: (thrown: unknown) => void;
}

export class Mirror {
  readonly #parts: MirrorParts;
  #written = 0;
  #received = 0;
  #synced = 0;
  /** Asked for, and not answered yet. */
  #syncing: number | null = null;
  #forReceived: Waiting[] = [];
  #forSynced: Waiting[] = [];
  #timer: FilterTimer | null = null;
  #after: Promise<void> | null = null;
  #ended = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
  }

  get place(): MirrorPlace {
    return this.#parts.place;
  }

  get isDurable(): boolean {
    return this.#synced === this.#written;
  }

  write(position: number, data: Uint8Array): void {
    if (this.#ended) return;
    this.#written += 1;
    this.#tell({ kind: 'write', position, data });
  }

  /** Resolves when all that was written stands in the mirror, or need not any more. */
  received(): Promise<void> {
    if (this.#after !== null) return this.#after;
    return new Promise((resolve, reject) => {
      this.#forReceived.push({ count: this.#written, resolve, reject });
      this.#watch();
    });
  }

  /** Resolves when all that was written is durable there, or need not be any more. */
  durable(): Promise<void> {
    if (this.#after !== null) return this.#after;
    if (this.isDurable) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#forSynced.push({ count: this.#written, resolve, reject });
      this.#sync();
      this.#watch();
    });
  }

  /** Nobody needs it any more. */
  remove(): void {
    if (!this.#ended) this.#parts.send(encodeMessage({ kind: 'remove' }));
    this.#end();
    // All that the log held is on the disk.
    this.#forReceived = answer(this.#forReceived, this.#written);
    this.#forSynced = answer(this.#forSynced, this.#written);
  }

  /** The file of the mirror stays. */
  close(): void {
    this.#end();
  }

  hear(message: MirrorMessage): void {
    if (this.#ended) return;
    this.#timer?.cancel();
    this.#timer = null;
    if (message.kind === 'received') {
      this.#received = Math.max(this.#received, message.count);
      this.#forReceived = answer(this.#forReceived, this.#received);
    } else if (message.kind === 'synced') {
      this.#synced = Math.max(this.#synced, message.count);
      this.#syncing = null;
      this.#forSynced = answer(this.#forSynced, this.#synced);
      if (this.#forSynced.length > 0) this.#sync();
    } else if (message.kind === 'lost') {
      this.lose(message.why);
    }
    this.#watch();
  }

  lose(why: string): void {
    if (this.#ended) return;
    this.#end();
    const after = this.#parts.onLost(why);
    this.#after = after;
    // Whoever waits hears of a rejection; nobody may.
    after.catch(() => undefined);
    for (const { resolve, reject } of [...this.#forReceived, ...this.#forSynced]) {
      after.then(resolve, reject);
    }
    this.#forReceived = [];
    this.#forSynced = [];
  }

  /** One at a time: those that come meanwhile share the next. */
  #sync(): void {
    if (this.#syncing !== null) return;
    this.#syncing = this.#written;
    this.#tell({ kind: 'sync', count: this.#written });
  }

  #tell(message: MirrorMessage): void {
    if (!this.#parts.send(encodeMessage(message)))
      this.lose('its daemon is away, or cannot keep up');
  }

  #watch(): void {
    const waits = this.#forReceived.length + this.#forSynced.length > 0;
    if (!waits || this.#timer !== null || this.#ended) return;
    this.#timer = this.#parts.clock.after(SILENCE_MS, () => {
      this.#timer = null;
      this.lose(`it has not answered for ${SILENCE_MS / 1000} s`);
    });
  }

  #end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#timer = null;
  }
}

/** Those that still wait. */
function answer(waiting: Waiting[], count: number): Waiting[] {
  // In the order in which they came, which is that of their counts.
  const rest = waiting.findIndex((each) => each.count > count);
  const done = rest < 0 ? waiting : waiting.slice(0, rest);
  for (const { resolve } of done) resolve();
  return rest < 0 ? [] : waiting.slice(rest);
}

/** A file of this host's flash of which every write goes to the mirror as well. */
export class MirroredFile implements FlashFile {
  readonly #file: FlashFile;
  readonly #mirror: Mirror;

  constructor(file: FlashFile, mirror: Mirror) {
    this.#file = file;
    this.#mirror = mirror;
  }

  get id(): string {
    return this.#file.id;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  read(position: number, target: Uint8Array): void {
    this.#file.read(position, target);
  }

  write(position: number, data: Uint8Array): void {
    this.#file.write(position, data);
    this.#mirror.write(position, data);
  }

  /** Of this host's alone: who waits for both asks the mirror too. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): void {
    this.#file.close();
    this.#mirror.close();
  }

  remove(): void {
    this.#mirror.remove();
    this.#file.remove();
  }
}
