// Counts what happened within the last so many milliseconds, in twelve pieces of time.

const PIECES = 12;

export class SlidingCount {
  readonly #counts = new Float64Array(PIECES);
  readonly #pieceMs: number;
  #piece: number;

  constructor(windowMs: number, now: number) {
    this.#pieceMs = windowMs / PIECES;
    this.#piece = Math.floor(now / this.#pieceMs);
  }

  add(now: number): void {
    this.#moveTo(now);
    const index = this.#piece % PIECES;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  total(now: number): number {
    this.#moveTo(now);
    let sum = 0;
    for (const count of this.#counts) sum += count;
    return sum;
  }

  #moveTo(now: number): void {
    const piece = Math.floor(now / this.#pieceMs);
    if (piece <= this.#piece) return;
    if (piece - this.#piece >= PIECES) this.#counts.fill(0);
    else for (let next = this.#piece + 1; next <= piece; next++) this.#counts[next % PIECES] = 0;
    this.#piece = piece;
  }
}
