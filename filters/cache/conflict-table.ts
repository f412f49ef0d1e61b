// Which blocks have I/O under way that could leave stale data in the cache. While a write is under
// way beside any other I/O on the same block, nobody knows which of them the storage did first, so
// that none of them may fill the cache. An I/O has no identity that outlives a hook; therefore the
// count is kept by block: a block becomes doubtful when a write meets another I/O, and stays so
// until nothing is under way on it.

/** Blocks share places by their low bits; sharing makes the cache more careful, never less. */
const PLACES = 4096;

export class ConflictTable {
  readonly #reads = new Int32Array(PLACES);
  readonly #writes = new Int32Array(PLACES);
  readonly #doubtful = new Uint8Array(PLACES);

  /** Call for each block of a read that goes down to the storage. */
  beginRead(block: number): void {
    const place = block % PLACES;
    this.#reads[place] = (this.#reads[place] ?? 0) + 1;
    if ((this.#writes[place] ?? 0) > 0) this.#doubtful[place] = 1;
  }

  /** Call for each block of whatever changes data. */
  beginWrite(block: number): void {
    const place = block % PLACES;
    if ((this.#reads[place] ?? 0) > 0 || (this.#writes[place] ?? 0) > 0) this.#doubtful[place] = 1;
    this.#writes[place] = (this.#writes[place] ?? 0) + 1;
  }

  /** Whether a read that may touch the block is under way. */
  hasReads(block: number): boolean {
    return (this.#reads[block % PLACES] ?? 0) > 0;
  }

  /** True when the read may fill the block. */
  endRead(block: number): boolean {
    const place = block % PLACES;
    this.#reads[place] = (this.#reads[place] ?? 0) - 1;
    return this.#settle(place);
  }

  /** True when the write may fill the block. */
  endWrite(block: number): boolean {
    const place = block % PLACES;
    this.#writes[place] = (this.#writes[place] ?? 0) - 1;
    return this.#settle(place);
  }

  #settle(place: number): boolean {
    const sure = this.#doubtful[place] === 0;
    if (this.#reads[place] === 0 && this.#writes[place] === 0) this.#doubtful[place] = 0;
    return sure;
  }

  /** So many blocks in a row touch every place. */
  static readonly PLACES = PLACES;
}
