// A disk that is opened again asks its target first whether another virtual machine stands in for
// it by now: until the target has answered, or is said to be away, changes wait, but not for long.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';

/** Less than what a guest's own disk driver waits, in milliseconds. */
const PATIENCE_MS = 15_000;

export class OpeningQuestion {
  #timer: FilterTimer | null = null;
  readonly #onAnswer: () => void;

  constructor(clock: FilterContext['clock'], onAnswer: () => void) {
    this.#onAnswer = onAnswer;
    this.#timer = clock.after(PATIENCE_MS, () => this.answered());
  }

  /** Nobody has said anything yet. */
  get isOpen(): boolean {
    return this.#timer !== null;
  }

  answered(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#onAnswer();
  }
}
