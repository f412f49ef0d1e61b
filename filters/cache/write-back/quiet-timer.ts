// Looks once a second, as long as there is something to look after, and knows whether the guest has
// written since the last look.
import type { FilterContext, FilterTimer } from '#lib/filter-sdk/filter.ts';

const TICK_MS = 1000;

export class QuietTimer {
  readonly #clock: FilterContext['clock'];
  /** Says whether to look again. */
  readonly #look: () => boolean;
  #timer: FilterTimer | null = null;
  #quietLooks = 0;

  constructor(clock: FilterContext['clock'], look: () => boolean) {
    this.#clock = clock;
    this.#look = look;
  }

  /** The guest has written. */
  busy(): void {
    this.#quietLooks = 0;
  }

  /** It has not for a second at least. */
  get isQuiet(): boolean {
    return this.#quietLooks > 1;
  }

  arm(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#clock.after(TICK_MS, () => {
      this.#timer = null;
      this.#quietLooks += 1;
      if (this.#look()) this.arm();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
