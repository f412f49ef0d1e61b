// The guest's I/Os that wait for a range of the disk to be moved to another key.

export interface Waiter {
  offset: number;
  length: number;
  resume(): void;
  fail(): void;
}

export class WaitingRoom {
  #waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter);
  }

  /** Lets those go on that nothing holds any more, in the order in which they came. */
  release(isHeld: (waiter: Waiter) => boolean): void {
    const all = this.#waiters;
    this.#waiters = all.filter(isHeld);
    for (const waiter of all) if (!this.#waiters.includes(waiter)) waiter.resume();
  }

  fail(): void {
    const all = this.#waiters;
    this.#waiters = [];
    for (const waiter of all) waiter.fail();
  }
}
