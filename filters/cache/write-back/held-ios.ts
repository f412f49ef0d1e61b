// I/Os that wait until the cache can take them, in the order in which they came.
import type { Deferral, DiskIo, IoError } from '#lib/filter-sdk/filter.ts';

interface Held {
  io: DiskIo;
  token: Deferral;
}

/** What becomes of one: it waits on, goes down, is answered, or whoever took it sees to it. */
export type Outcome = 'wait' | 'pass' | 'complete' | 'taken';

export class HeldIos {
  #waiting: Held[] = [];
  #releasing = false;

  get size(): number {
    return this.#waiting.length;
  }

  add(io: DiskIo): void {
    this.#waiting.push({ io, token: io.defer() });
  }

  /** Asks for each what becomes of it; the rest waits on behind the first that must. */
  release(decide: (io: DiskIo, token: Deferral) => Outcome): void {
    // An answer brings new I/Os, and those may ask to release again.
    if (this.#releasing) return;
    this.#releasing = true;
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const outcome = decide(first.io, first.token);
        if (outcome === 'wait') break;
        this.#waiting.shift();
        if (outcome === 'pass') first.token.pass();
        if (outcome === 'complete') first.token.complete();
      }
    } finally {
      this.#releasing = false;
    }
  }

  fail(error: IoError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { token } of waiting) token.fail(error);
  }
}
