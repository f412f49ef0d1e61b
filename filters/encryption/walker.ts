// Brings a disk from one state of its sectors to another while the guest works: clear text to a
// data key, one data key to the next, or back to clear text. It goes chunk by chunk; before a chunk
// is written, what will stand there is durable in the sidecar, so that a kill at any moment leaves
// either the chunk as it was or what is needed to write it again.
import type { FilterContext, FilterProgress, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { DataKeys } from './data-keys.ts';
import { InFlight } from './in-flight.ts';
import { convertSectors, isZero } from './sectors.ts';
import { decodeState, encodeState, type StoredState, type StoredWalk } from './stored-state.ts';
import { nextStep, stepInWords } from './walk-plan.ts';
import { type Wish, wishOf } from './wish.ts';

const CHUNK_BYTES = 2 * 1024 * 1024;
/** After a failure it tries again so much later, in milliseconds. */
const RETRY_MS = 5_000;

/** Of the two sides of the boundary; null for clear text. */
interface Ciphers {
  current: SectorCipher | null;
  next: SectorCipher | null;
}

export class Walker {
  readonly inFlight = new InFlight();
  readonly #context: FilterContext;
  readonly #keys: DataKeys;
  #wish: Wish;
  /** As it stands in the sidecar. */
  #state: StoredState = { current: null, walk: null };
  #current: SectorCipher | null;
  #next: SectorCipher | null;
  #sizeBytes: number;
  /** The chunk that is being moved: no I/O may touch it. */
  #moving: { offset: number; end: number } | null = null;
  #waiting: { resume(): void; fail(): void }[] = [];
  #trouble = '';
  #paused = false;
  #running: Promise<void> | null = null;
  #closed = false;
  #timer: FilterTimer | null = null;
  walkedBytes = 0;

  /** Throws when what is kept with the disk cannot be read, or a key cannot be had. */
  constructor(context: FilterContext) {
    this.#context = context;
    this.#sizeBytes = context.disk.sizeBytes;
    this.#keys = new DataKeys(context.keys);
    this.#wish = wishOf(context.properties);
    this.#keys.requireKeyOf(this.#wish);
    const { contents } = context.sidecar;
    if (contents !== null) this.#state = decodeState(contents);
    const { current, walk } = this.#state;
    this.#current = this.#keys.cipherOf(current);
    this.#next = this.#keys.cipherOf(walk?.to ?? null);
    if (walk !== null && walk.journal !== null) {
      const end = walk.position + walk.journal.length;
      this.#moving = { offset: walk.position, end };
    }
    this.#wake();
  }

  /** Throws when the key that is wanted cannot be had. */
  want(wish: Wish): void {
    this.#keys.requireKeyOf(wish);
    this.#wish = wish;
    this.#wake();
  }

  /** Up to there the next cipher holds, from there on the current one. */
  get boundary(): number {
    return this.#state.walk?.position ?? 0;
  }

  /** Null for clear text. */
  get ciphers(): { before: SectorCipher | null; behind: SectorCipher | null } {
    return { before: this.#next, behind: this.#current };
  }

  /** Whether an I/O must wait for the chunk that is being moved. */
  blocks(offset: number, length: number): boolean {
    const moving = this.#moving;
    return moving !== null && offset < moving.end && offset + length > moving.offset;
  }

  /** The chunk cannot be moved now, and nobody knows what stands there: I/O to it fails. */
  get isStuck(): boolean {
    return this.#trouble !== '';
  }

  wait(waiter: { resume(): void; fail(): void }): void {
    this.#waiting.push(waiter);
  }

  get progress(): FilterProgress {
    const { walk } = this.#state;
    const percent = walk === null ? 100 : Math.floor((100 * walk.position) / this.#sizeBytes);
    const done = nextStep(this.#state, this.#wish, this.#sizeBytes) === 'nothing';
    return { step: stepInWords(this.#state), percent, done, trouble: this.#trouble };
  }

  get isClear(): boolean {
    return this.#state.current === null && this.#state.walk === null;
  }

  /** In percent of the disk. */
  get encryptedShare(): number {
    const { current, walk } = this.#state;
    const share = Math.min(this.boundary / this.#sizeBytes, 1);
    return 100 * ((current === null ? 0 : 1 - share) + (walk?.to ? share : 0));
  }

  /** Resolves when no chunk is being moved; none is until `resume`, which may come without it. */
  async pause(): Promise<void> {
    this.#paused = true;
    this.#endWait();
    await this.#running;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  grow(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  close(): void {
    this.#closed = true;
    this.#endWait();
  }

  #wake(): void {
    if (this.#running !== null || this.#paused || this.#closed) return;
    // Not within `open` or `setProperties`: those are over first.
    this.#running = Promise.resolve()
      .then(() => this.#run())
      .finally(() => {
        this.#running = null;
        const isMore = nextStep(this.#state, this.#wish, this.#sizeBytes) !== 'nothing';
        if (isMore) this.#wake();
      });
  }

  async #run(): Promise<void> {
    while (!this.#closed && !this.#paused) {
      const before = this.walkedBytes;
      try {
        if (!(await this.#step())) return;
        this.#trouble = '';
        const { bytesPerSecond } = this.#wish;
        const moved = this.walkedBytes - before;
        if (bytesPerSecond > 0) await this.#sleep((1000 * moved) / bytesPerSecond);
      } catch (thrown) {
        if (this.#closed) return;
        this.#complain(thrown instanceof Error ? thrown.message : String(thrown));
        await this.#sleep(RETRY_MS);
      }
    }
  }

  /** False when there is nothing to do. */
  async #step(): Promise<boolean> {
    const { current, walk } = this.#state;
    const step = nextStep(this.#state, this.#wish, this.#sizeBytes);
    if (step === 'rewrap') await this.#rewrap();
    else if (step === 'beginDecrypting') await this.#begin({ ...START, to: null });
    else if (step === 'beginEncrypting')
      await this.#begin({ ...START, to: this.#keys.make(this.#wish) });
    else if (walk === null) return false;
    else if (step === 'replay') await this.#replay(walk);
    else if (step === 'move') await this.#move(walk);
    else await this.#finish(walk);
    return current !== this.#state.current || walk !== this.#state.walk;
  }

  async #rewrap(): Promise<void> {
    const { current, walk } = this.#state;
    const wish = this.#wish;
    await this.#save({
      current: current && this.#keys.rewrap(current, wish),
      walk: walk && { ...walk, to: walk.to && this.#keys.rewrap(walk.to, wish) },
    });
  }

  async #begin(walk: StoredWalk): Promise<void> {
    const next = this.#keys.cipherOf(walk.to);
    await this.#save({ ...this.#state, walk }, { current: this.#current, next });
  }

  async #finish({ to }: StoredWalk): Promise<void> {
    await this.#save({ current: to, walk: null }, { current: this.#next, next: null });
    this.#context.log('info', stepInWords(this.#state));
  }

  async #replay(walk: StoredWalk): Promise<void> {
    const data = walk.journal ?? new Uint8Array(0);
    await this.#context.below.write(walk.position, data, { fua: true });
    await this.#moved(walk, data.length);
  }

  async #move(walk: StoredWalk): Promise<void> {
    const { below } = this.#context;
    const offset = walk.position;
    const end = Math.min(offset + CHUNK_BYTES, this.#sizeBytes);
    const again = this.#moving !== null;
    this.#moving = { offset, end };
    await this.inFlight.whenClear(offset, end);
    const data = await below.read(offset, end - offset).catch((thrown: unknown) => {
      // Nothing has been tried yet: the guest may go on there.
      if (!again) this.#release();
      throw thrown;
    });
    if (isZero(data)) {
      // What the guest has trimmed must not come back in the old key.
      await below.flush();
      return this.#moved(walk, data.length);
    }
    convertSectors({ from: this.#current, to: this.#next }, data, offset);
    await this.#save({ ...this.#state, walk: { ...walk, journal: data } });
    await below.write(offset, data, { fua: true });
    await this.#moved(walk, data.length);
  }

  /** Only when that is durable may the guest write there: a replay would undo it otherwise. */
  async #moved(walk: StoredWalk, length: number): Promise<void> {
    const next = { to: walk.to, position: walk.position + length, journal: null };
    await this.#save({ ...this.#state, walk: next });
    this.walkedBytes += length;
    this.#release();
  }

  /** The state and its ciphers change in one step, between two I/Os. */
  async #save(state: StoredState, ciphers?: Ciphers): Promise<void> {
    await this.#context.sidecar.write(encodeState(state));
    this.#state = state;
    if (ciphers === undefined) return;
    this.#current = ciphers.current;
    this.#next = ciphers.next;
  }

  #release(): void {
    this.#moving = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.resume();
  }

  #complain(trouble: string): void {
    if (trouble !== this.#trouble) {
      this.#context.raiseEvent('error', `${stepInWords(this.#state)} does not go on: ${trouble}`);
    }
    this.#trouble = trouble;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.fail();
  }

  #sleep(milliseconds: number): Promise<void> {
    if (milliseconds <= 0 || this.#closed || this.#paused) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(milliseconds, end);
      this.#timer = { cancel: end };
      function end(): void {
        timer.cancel();
        resolve();
      }
    });
  }

  #endWait(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

const START = { position: 0, journal: null } as const;
