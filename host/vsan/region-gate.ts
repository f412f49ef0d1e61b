// Keeps writes away from ranges that are being copied or cleaned: who locks a range first waits for
// the writes under way in it, and later writes wait until it is unlocked.

interface Range {
  offset: number;
  length: number;
}

interface Lock extends Range {
  waiting: (() => void)[];
}

export class RegionGate {
  readonly #underWay = new Set<Range>();
  readonly #locks = new Set<Lock>();
  #changed: (() => void)[] = [];

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Begins a write now, or when the range is free. `leave` must follow. */
  enter(range: Range, begin: () => void): void {
    for (const lock of this.#locks) {
      if (!overlap(lock, range)) continue;
      lock.waiting.push(() => this.enter(range, begin));
      return;
    }
    this.#underWay.add(range);
    begin();
  }

  leave(range: Range): void {
    this.#underWay.delete(range);
    if (this.#changed.length === 0) return;
    for (const look of this.#changed.splice(0)) look();
  }

  /** Resolves when no write is under way in the range; none begins before `unlock`. */
  async lock(offset: number, length: number): Promise<() => void> {
    const lock: Lock = { offset, length, waiting: [] };
    this.#locks.add(lock);
    await this.#ended(lock, new Set(this.#underWay));
    return () => {
      this.#locks.delete(lock);
      for (const begin of lock.waiting.splice(0)) begin();
    };
  }

  /** Resolves when all writes that are under way now have ended. */
  passed(): Promise<void> {
    const all = { offset: 0, length: Number.MAX_SAFE_INTEGER };
    return this.#ended(all, new Set(this.#underWay));
  }

  async #ended(range: Range, writes: ReadonlySet<Range>): Promise<void> {
    const left = [...writes].filter((write) => overlap(write, range));
    while (left.some((write) => this.#underWay.has(write))) {
      await new Promise<void>((resolve) => {
        this.#changed.push(resolve);
      });
    }
  }
}

function overlap(a: Range, b: Range): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
