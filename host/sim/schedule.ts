// Simulated time: a queue of events, each of which runs to its end, with everything that it sets
// off in the same thread, before the next one begins.
import { assert } from '#lib/base/assert.ts';

interface Entry {
  at: number;
  /** Breaks ties in the order of scheduling. */
  sequence: number;
  callback: (() => void) | null;
}

/** Steps that are queued at once: an empty queue lets Node look for I/O, which takes time. */
const STEPS = 64;

export interface ScheduledEvent {
  cancel(): void;
}

export class Schedule {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** Events that have run. */
  events = 0;
  readonly #heap: Entry[] = [];
  #sequence = 0;
  readonly #counted: { at: number; callback: () => void }[] = [];

  /** Calls back at that time, or now when it is over. */
  at(time: number, callback: () => void): ScheduledEvent {
    const entry: Entry = { at: Math.max(time, this.now), sequence: this.#sequence, callback };
    this.#sequence += 1;
    this.#push(entry);
    return {
      cancel: () => {
        entry.callback = null;
      },
    };
  }

  after(milliseconds: number, callback: () => void): ScheduledEvent {
    return this.at(this.now + milliseconds, callback);
  }

  /** Calls back between two events, when so many more have run. */
  afterEvents(count: number, callback: () => void): void {
    this.#counted.push({ at: this.events + count, callback });
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Runs events until the condition holds or nothing is left. Rejects with what one throws. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const step = (): void => {
        if (over) return;
        try {
          over = isOver() || !this.#runNext();
          if (over) resolve();
        } catch (thrown) {
          over = true;
          reject(thrown);
        }
      };
      // Promises that wait for nothing outside run between any two immediates.
      const more = (): void => {
        if (over) return;
        for (let left = STEPS; left > 0; left--) setImmediate(step);
        setImmediate(more);
      };
      more();
    });
  }

  /** False when nothing is left to run. */
  #runNext(): boolean {
    const due = this.#counted.findIndex(({ at }) => at <= this.events);
    if (due >= 0) {
      for (const { callback } of this.#counted.splice(due, 1)) callback();
      return true;
    }
    for (;;) {
      const next = this.#pop();
      if (next === null) return false;
      if (next.callback === null) continue;
      assert(next.at >= this.now, 'time goes on');
      this.now = next.at;
      this.events += 1;
      next.callback();
      return true;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const takesRight = right !== undefined && isBefore(right, left);
      const child = takesRight ? right : left;
      if (!isBefore(child, entry)) break;
      heap[at] = child;
      at = 2 * at + (takesRight ? 2 : 1);
    }
    heap[at] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
