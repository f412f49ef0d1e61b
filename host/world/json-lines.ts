// Lines of JSON out of a byte stream, with a limit on their length.

const NEWLINE = 0x0a;

/**
 * Collects chunks and hands out whole lines. Throws a RangeError when a line outgrows the limit.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that this chunk completes, without their newline. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      if (at === -1) break;
      this.#keep(chunk.subarray(from, at));
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#bytes = 0;
      from = at + 1;
    }
    // A copy: the chunk may belong to a buffer that is filled again.
    if (from < chunk.length) this.#keep(Uint8Array.from(chunk.subarray(from)));
    return lines;
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new RangeError('A line is longer than the limit.');
    this.#parts.push(part);
  }
}
