// How much was written to a disk when, out of what its journal knows in memory.
import type { JournalIndex } from './journal-index.ts';

export interface RateBucket {
  /** Where it begins, in microseconds since the Unix epoch. */
  fromUs: number;
  writes: number;
  bytes: number;
}

/** A span of time in buckets of the same length, over the journals together. */
export function writeRate(
  journals: readonly Pick<JournalIndex, 'eachWrite'>[],
  { fromUs, toUs, buckets: count }: { fromUs: number; toUs: number; buckets: number },
): RateBucket[] {
  const span = Math.max(1, toUs - fromUs) / count;
  const buckets = Array.from({ length: count }, (_, at) => ({
    ...{ fromUs: fromUs + at * span, writes: 0, bytes: 0 },
  }));
  for (const journal of journals) {
    journal.eachWrite(fromUs, toUs, (timeUs, bytes) => {
      const bucket = buckets[Math.min(count - 1, Math.floor((timeUs - fromUs) / span))];
      if (bucket === undefined) return;
      bucket.writes += 1;
      bucket.bytes += bytes;
    });
  }
  return buckets;
}
