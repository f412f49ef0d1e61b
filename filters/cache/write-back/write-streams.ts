// Tells long streams of writes, such as copies and restores, from all else: the storage is good at
// them, and in the log they would only push out what it is for.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';

/** Shorter writes belong to no stream: a database writes its journal in order, too. */
const WRITE_BYTES_MIN = 64 * 1024;
/** Followed at a time. */
const STREAMS = 8;

interface Stream {
  /** Where it would go on. */
  end: number;
  bytes: number;
}

export class WriteStreams {
  #streams: Stream[] = [];

  /** To be called for each write: whether more than `longest` bytes have come in its stream. */
  isLong({ operation, offset, length }: DiskIo, longest: number): boolean {
    if (operation !== 'write' || length < WRITE_BYTES_MIN) return false;
    const at = this.#streams.findIndex(({ end }) => end === offset);
    const stream = this.#streams[at] ?? { end: offset, bytes: 0 };
    stream.end += length;
    stream.bytes += length;
    // The one that was used longest ago stands last, and goes first.
    if (at !== 0) {
      const others = this.#streams.filter((other) => other !== stream);
      this.#streams = [stream, ...others].slice(0, STREAMS);
    }
    return stream.bytes > longest;
  }
}
