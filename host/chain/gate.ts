// A door for work that may have to stand still for a while: what comes while it is shut waits, and
// whoever shuts it is told when the last that is inside has left.
import { assert } from '#lib/base/assert.ts';

export class Gate {
  readonly #closedMessage: string;
  #state: 'held' | 'open' | 'closed' = 'held';
  #inside = 0;
  #waiting: { enter(): void; refuse(): void }[] = [];
  #empty: (() => void)[] = [];

  /** Begins held. The message is what work that comes after `close` is rejected with. */
  constructor(closedMessage: string) {
    this.#closedMessage = closedMessage;
  }

  /** Does the work as soon as the gate is open. Rejects when it is closed before. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Lets nothing more in; resolves when nothing is inside. May be called again while held. */
  hold(): Promise<void> {
    if (this.#state === 'open') this.#state = 'held';
    return this.#whenEmpty();
  }

  open(): void {
    if (this.#state === 'closed') return;
    this.#state = 'open';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.enter();
  }

  /** For ever: what waits is rejected. Resolves when nothing is inside. */
  close(): Promise<void> {
    this.#state = 'closed';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.refuse();
    return this.#whenEmpty();
  }

  #enter(): Promise<void> | void {
    if (this.#state === 'closed') throw this.#closed();
    if (this.#state === 'open') {
      this.#inside += 1;
      return;
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        enter: () => {
          this.#inside += 1;
          resolve();
        },
        refuse: () => reject(this.#closed()),
      });
    });
  }

  #closed(): Error {
    return new Error(this.#closedMessage);
  }

  #leave(): void {
    assert(this.#inside > 0, 'as many leave a gate as have entered');
    this.#inside -= 1;
    if (this.#inside > 0) return;
    const empty = this.#empty;
    this.#empty = [];
    for (const each of empty) each();
  }

  #whenEmpty(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }
}
