// What is kept with the disk, durably: which regions may differ from the copy, and how far records
// are numbered and confirmed. One write at a time; what changes meanwhile goes into the next one.
import type { FilterSidecar } from '#lib/filter-sdk/filter.ts';
import { RegionMap } from './region-map.ts';
import { encodeState, type StoredState } from './stored-state.ts';

export class StateStore {
  /** To be changed in place, and saved. */
  readonly state: StoredState;
  readonly #sidecar: FilterSidecar;
  #marks: RegionMap;
  /** Marked, but not yet durably. */
  #fresh: RegionMap;
  #hasFresh = false;
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** Nothing is written until it resolves. */
  #held: Promise<void> | null = null;
  #goOn = (): void => undefined;
  #isLeft = false;

  constructor(sidecar: FilterSidecar, state: StoredState, marks: RegionMap) {
    this.#sidecar = sidecar;
    this.state = state;
    this.#marks = marks;
    this.#fresh = new RegionMap(marks.sizeBytes);
  }

  /** Not to be changed. */
  get marks(): RegionMap {
    return this.#marks;
  }

  /** All regions of the range are marked durably. */
  isMarked(offset: number, end: number): boolean {
    if (!this.#marks.hasAll(offset, end)) return false;
    return !this.#hasFresh || !this.#fresh.hasAny(offset, end);
  }

  /** They are marked when the next `save` has resolved. */
  mark(offset: number, end: number): void {
    if (this.isMarked(offset, end)) return;
    this.#marks.addAnew(offset, end, this.#fresh);
    this.#hasFresh = true;
  }

  /** Durably with the next `save`; until then more is marked than need be. */
  unmark(map: RegionMap): void {
    this.#marks.removeMap(map);
    this.#fresh.removeMap(map);
  }

  resize(sizeBytes: number): void {
    this.state.sizeBytes = sizeBytes;
    this.#marks = this.#marks.resized(sizeBytes);
    this.#fresh = this.#fresh.resized(sizeBytes);
  }

  /** Writes nothing until `release`; resolves when nothing is being written. */
  async hold(): Promise<void> {
    this.#held ??= new Promise((resolve) => {
      this.#goOn = resolve;
    });
    // Whoever waits for that one hears of it.
    await this.#writing?.catch(() => undefined);
  }

  /** Writes what has come meanwhile; nothing ever again when the sidecar is another one now. */
  release(isLeft = false): void {
    this.#isLeft ||= isLeft;
    this.#held = null;
    this.#goOn();
  }

  /** Resolves when all that is so now is durable. Rejects with what the sidecar says. */
  save(): Promise<void> {
    if (this.#held !== null) return this.#held.then(() => this.save());
    if (this.#isLeft) return Promise.resolve();
    if (this.#writing === null) {
      this.#writing = this.#write().finally(() => {
        this.#writing = null;
      });
      return this.#writing;
    }
    this.#next ??= this.#writing
      // Whoever waits for that one hears of it.
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.save();
      });
    return this.#next;
  }

  async #write(): Promise<void> {
    const written = this.#hasFresh ? this.#fresh.copy() : null;
    await this.#sidecar.write(encodeState(this.state, this.#marks));
    if (written === null) return;
    this.#fresh.removeMap(written);
    this.#hasFresh = !this.#fresh.isEmpty;
  }
}
