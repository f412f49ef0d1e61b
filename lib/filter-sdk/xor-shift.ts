// Marsaglia's xorshift of 32 bits, for filters that need chance which a seed repeats. Not for
// secrets.

export class XorShift {
  #state: number;

  /** Any whole number; 0 counts as 1, because it would stay 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 0x1_0000_0000;
  }
}
