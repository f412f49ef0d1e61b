// What was passed down and has not ended, and whether a flush has followed what has.

export class BelowChanges {
  reads = 0;
  changes = 0;
  /** Changes that have ended, and how many of them a flush has made durable. */
  #ended = 0;
  #durable = 0;
  /** Of each flush under way: how many had ended when it was passed on. */
  #flushes: number[] = [];

  beginChange(): void {
    this.changes += 1;
  }

  endChange(): void {
    this.changes -= 1;
    this.#ended += 1;
  }

  passFlush(): void {
    this.#flushes.push(this.#ended);
  }

  /** Which one has ended is not known; the oldest covers no more than any of them. */
  endFlush(succeeded: boolean): void {
    const covered = this.#flushes.shift() ?? 0;
    if (succeeded) this.#durable = Math.max(this.#durable, covered);
  }

  get isDurable(): boolean {
    return this.#durable === this.#ended;
  }

  /** Nothing is under way. */
  get isStill(): boolean {
    return this.reads === 0 && this.changes === 0;
  }
}
