// What every reader of a format throws on bytes it refuses: a sentence for the admin and where it
// stands. The formats know no faults; whoever reads a file turns this into the fault of its kind.

export class FormatError extends Error {
  override readonly name = 'FormatError';
  /** Byte offset, or line number where the format is text; null when it concerns the whole. */
  readonly position: number | null;

  constructor(message: string, position: number | null = null) {
    super(message);
    this.position = position;
  }
}
