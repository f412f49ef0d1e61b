// Brings a disk from one state of its sectors to another while the guest works: clear text to a
// data key, one data key to the next, or back to clear text. It goes range by range; before one is
// written, what tells its sectors apart is durable in the sidecar, so that a kill at any moment
// leaves sectors of which each is known to be in the old state or in the new one.
import type { FilterContext, FilterProgress, FilterTimer } from '#lib/filter-sdk/filter.ts';
import type { SectorCipher } from '#lib/filter-sdk/key-service.ts';
import { DataKeys } from './data-keys.ts';
import { InFlight } from './in-flight.ts';
import { WalkPace } from './pace.ts';
import { SECTOR_BYTES } from './sectors.ts';
import { decodeState, encodeState, type StoredState, type StoredWalk } from './stored-state.ts';
import { type Waiter, WaitingRoom } from './waiting-room.ts';
import { nextStep, stepInWords } from './walk-plan.ts';
import {
  type Conversion,
  HEAD_BYTES,
  type Prepared,
  place,
  prepare,
  type Range,
  recover,
} from './window.ts';
import { type Wish, wishOf } from './wish.ts';

/** After a failure it tries again so much later, or when the guest asks for that range; in ms. */
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
  readonly #pace = new WalkPace();
  readonly #waiting = new WaitingRoom();
  /** What is being moved: no I/O may touch it. */
  #held: Range | null = null;
  /** A write of the sidecar has failed, or is under way. */
  #doubtful = false;
  /** I/Os of the guest when the last range was done. */
  #entered = 0;
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
    if (walk !== null && walk.heads !== null) {
      const length = (walk.heads.length / HEAD_BYTES) * SECTOR_BYTES;
      this.#held = { offset: walk.position, end: walk.position + length };
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

  /** Whether an I/O must wait for the range that is being moved. */
  blocks(offset: number, length: number): boolean {
    const held = this.#held;
    return held !== null && offset < held.end && offset + length > held.offset;
  }

  /** A range could not be moved, nobody knows what stands there, and nothing tries it now. */
  get isStuck(): boolean {
    return this.#trouble !== '' && (this.#paused || this.#closed);
  }

  /** For the range that is being moved. One that could not be moved is tried again at once. */
  wait(waiter: Waiter): void {
    this.#waiting.add(waiter);
    if (this.#trouble !== '') this.#endWait();
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

  /** Resolves when nothing is being moved; none is until `resume`, which may come without it. */
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

  /** Resolves when nothing is under way, and the keys are forgotten. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endWait();
    await this.#running;
    this.#current?.forget();
    // They stay where they are: without a cipher a sector would count as clear text.
    this.#next?.forget();
  }

  #wake(): void {
    if (this.#running !== null || this.#paused || this.#closed) return;
    // Not within `open` or `setProperties`: those are over first.
    this.#running = Promise.resolve()
      .then(() => this.#run())
      .finally(() => {
        this.#running = null;
        if (this.isStuck) this.#waiting.fail();
        const isMore = nextStep(this.#state, this.#wish, this.#sizeBytes) !== 'nothing';
        if (isMore) this.#wake();
      });
  }

  async #run(): Promise<void> {
    while (!this.#closed && !this.#paused) {
      const before = { bytes: this.walkedBytes, at: this.#context.clock.monotonic() };
      try {
        if (!(await this.#step())) return;
        this.#trouble = '';
        const { bytesPerSecond } = this.#wish;
        // There may have been no limit until now.
        const most = this.#pace.stepBytes(bytesPerSecond);
        const moved = Math.min(this.walkedBytes - before.bytes, most);
        const took = this.#context.clock.monotonic() - before.at;
        if (bytesPerSecond > 0) await this.#sleep((1000 * moved) / bytesPerSecond - took);
      } catch (thrown) {
        if (this.#closed) return;
        this.#complain(thrown instanceof Error ? thrown.message : String(thrown));
        // Who came just now waits for the next attempt, and not for so long.
        if (this.#waiting.isEmpty) await this.#sleep(RETRY_MS);
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
    else if (step === 'recover') await this.#recover(walk);
    else if (step === 'move') await this.#move(walk);
    else await this.#finish(walk);
    return current !== this.#state.current || walk !== this.#state.walk;
  }

  get #conversion(): Conversion {
    return { from: this.#current, to: this.#next };
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
    try {
      await this.#save({ ...this.#state, walk }, { current: this.#current, next });
    } finally {
      if (this.#next !== next) next?.forget();
    }
  }

  async #finish({ to }: StoredWalk): Promise<void> {
    const before = this.#current;
    await this.#save({ current: to, walk: null }, { current: this.#next, next: null });
    before?.forget();
    this.#context.log('info', stepInWords(this.#state));
  }

  /** What a kill or a failure has left. */
  async #recover({ to, position, heads }: StoredWalk): Promise<void> {
    const kept = { offset: position, heads: heads ?? new Uint8Array(0) };
    const { below } = this.#context;
    const recovered = await recover(below, kept, this.#conversion);
    await place(below, recovered);
    await this.#passed(to, recovered);
  }

  /**
   * Range by range until something else is to be done. While one is written the next is made ready,
   * and one write of the sidecar says that the one is done and the next has begun.
   */
  async #move({ to, position }: StoredWalk): Promise<void> {
    const { below } = this.#context;
    let next: Prepared | null = await this.#prepare(position, position);
    while (next !== null) {
      const now: Prepared = next;
      if (now.isZero) {
        // What the guest has trimmed must not come back in the old key.
        await below.flush();
        return this.#passed(to, now);
      }
      await this.#save({ ...this.#state, walk: { to, position: now.offset, heads: now.heads } });
      this.#hold(now);
      const following = this.#goesOn(now.end) ? this.#prepare(now.offset, now.end) : null;
      // Looked at below, when what is under way has ended.
      const [placed, prepared] = await Promise.allSettled([place(below, now), following]);
      if (placed.status === 'rejected') throw placed.reason;
      this.#count(now);
      next = prepared.status === 'fulfilled' && this.#goesOn(now.end) ? prepared.value : null;
      if (next === null) {
        await this.#save(this.#stateAt(to, now.end));
        this.#hold(null);
      }
      if (prepared.status === 'rejected') throw prepared.reason;
    }
  }

  /** Reads what begins there. From `heldFrom` on no I/O of the guest is let through. */
  async #prepare(heldFrom: number, offset: number): Promise<Prepared> {
    const length = this.#pace.stepBytes(this.#wish.bytesPerSecond);
    const end = Math.min(offset + length, this.#sizeBytes);
    this.#hold({ offset: heldFrom, end });
    await this.inFlight.whenClear(offset, end);
    return prepare(this.#context.below, { offset, end }, this.#conversion).catch(
      (thrown: unknown) => {
        // Nothing has been tried there yet: the guest may go on.
        this.#hold(heldFrom < offset ? { offset: heldFrom, end: offset } : null);
        throw thrown;
      },
    );
  }

  /** Whether the walk may take the range behind that one in the same go. */
  #goesOn(position: number): boolean {
    if (this.#paused || this.#closed || !this.#waiting.isEmpty) return false;
    if (this.#wish.bytesPerSecond > 0) return false;
    const { to } = this.#state.walk ?? { to: null };
    return nextStep(this.#stateAt(to, position), this.#wish, this.#sizeBytes) === 'move';
  }

  #stateAt(to: StoredWalk['to'], position: number): StoredState {
    return { ...this.#state, walk: { to, position, heads: null } };
  }

  /** Only when that is durable may the guest write there: a recovery would undo it otherwise. */
  async #passed(to: StoredWalk['to'], range: Prepared): Promise<void> {
    await this.#save(this.#stateAt(to, range.end));
    this.#count(range);
    this.#hold(null);
  }

  #count({ offset, end }: Range): void {
    this.walkedBytes += end - offset;
    this.#trouble = '';
    const { entered } = this.inFlight;
    this.#pace.stepped({ guestIos: entered - this.#entered, waited: !this.#waiting.isEmpty });
    this.#entered = entered;
  }

  /** The state and its ciphers change in one step, between two I/Os. */
  async #save(state: StoredState, ciphers?: Ciphers): Promise<void> {
    // Until a write has come through nobody knows which state is kept.
    this.#doubtful = true;
    await this.#context.sidecar.write(encodeState(state));
    this.#doubtful = false;
    this.#state = state;
    if (ciphers === undefined) return;
    this.#current = ciphers.current;
    this.#next = ciphers.next;
  }

  /** The guest's I/O waits there, and nowhere else; what waited elsewhere goes on. */
  #hold(range: Range | null): void {
    const before = this.#held;
    this.#held = range;
    if (this.#doubtful && before !== null) this.#held = range ? union(before, range) : before;
    this.#waiting.release(({ offset, length }) => this.blocks(offset, length));
  }

  #complain(trouble: string): void {
    if (trouble !== this.#trouble) {
      this.#context.raiseEvent('error', `${stepInWords(this.#state)} does not go on: ${trouble}`);
    }
    this.#trouble = trouble;
    this.#waiting.fail();
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

const START = { position: 0, heads: null } as const;

function union(a: Range, b: Range): Range {
  return { offset: Math.min(a.offset, b.offset), end: Math.max(a.end, b.end) };
}
