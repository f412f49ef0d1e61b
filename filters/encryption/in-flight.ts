// The I/Os that are under way below the filter, so that a chunk is moved to another key only when
// none of them touches it.

interface Range {
  offset: number;
  end: number;
}

export class InFlight {
  readonly #ranges: Range[] = [];
  #waiting: { range: Range; resolve: () => void } | null = null;
  /** How many there have been. */
  entered = 0;

  enter(offset: number, length: number): void {
    this.entered += 1;
    this.#ranges.push({ offset, end: offset + length });
  }

  /** Of two equal ones either may leave first. */
  leave(offset: number, length: number): void {
    const end = offset + length;
    const at = this.#ranges.findIndex((each) => each.offset === offset && each.end === end);
    const last = this.#ranges.pop();
    if (last !== undefined && at >= 0 && at < this.#ranges.length) this.#ranges[at] = last;
    const waiting = this.#waiting;
    if (waiting === null || this.#touches(waiting.range)) return;
    this.#waiting = null;
    waiting.resolve();
  }

  /** Resolves when none touches the range. One caller at a time. */
  whenClear(offset: number, end: number): Promise<void> {
    const range = { offset, end };
    if (!this.#touches(range)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = { range, resolve };
    });
  }

  #touches({ offset, end }: Range): boolean {
    return this.#ranges.some((each) => each.offset < end && each.end > offset);
  }
}
