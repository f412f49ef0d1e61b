// The I/Os of a disk that wait, in the order in which they came.
import type { Deferral } from '#lib/filter-sdk/filter.ts';
import type { SentIo } from './io-meter.ts';

export interface WaitingIo extends SentIo {
  token: Deferral;
  /** Milliseconds, monotonic. */
  since: number;
}

/** Spent places are given back when there are so many. */
const SPENT_MAX = 1024;

export class WaitQueue {
  #waiting: WaitingIo[] = [];
  /** Index of the first that still waits; those before it are spent. */
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  add(io: WaitingIo): void {
    this.#waiting.push(io);
  }

  takeFirst(): WaitingIo | undefined {
    const first = this.#waiting[this.#head];
    if (first === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head >= SPENT_MAX) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
