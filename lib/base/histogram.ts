// A latency histogram with bounded relative error: 8 linear steps in each power of two of a
// microsecond. One typed array, one increment a sample: cheap enough for the I/O path, and
// mergeable by addition. Buckets run from under 1 µs to over 67 s; a value's bucket is wrong by at
// most one eighth of the value.

const STEPS_PER_OCTAVE = 8;
const OCTAVES = 26;
/** How many buckets every histogram has. */
const HISTOGRAM_BUCKETS = STEPS_PER_OCTAVE * (OCTAVES + 1);

export class Histogram {
  readonly counts: Float64Array;
  total = 0;
  sumMicroseconds = 0;

  constructor(counts: Float64Array = new Float64Array(HISTOGRAM_BUCKETS)) {
    this.counts = counts;
    for (const count of counts) this.total += count;
  }

  /** Adds one sample in microseconds. */
  add(microseconds: number): void {
    const bucket = bucketOf(microseconds);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total += 1;
    this.sumMicroseconds += microseconds;
  }

  /**
   * The upper bound, in microseconds, of the bucket in which the given share (0 to 1) of samples is
   * reached; 0 when empty.
   */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let seen = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= wanted) return bucketUpperBound(bucket);
    }
    return 0;
  }

  mean(): number {
    return this.total === 0 ? 0 : this.sumMicroseconds / this.total;
  }

  reset(): void {
    this.counts.fill(0);
    this.total = 0;
    this.sumMicroseconds = 0;
  }
}

function bucketOf(microseconds: number): number {
  if (microseconds < STEPS_PER_OCTAVE) return microseconds < 0 ? 0 : Math.trunc(microseconds);
  const octave = 31 - Math.clz32(microseconds);
  const step = Math.trunc(microseconds / 2 ** (octave - 3)) - STEPS_PER_OCTAVE;
  return Math.min((octave - 2) * STEPS_PER_OCTAVE + step, HISTOGRAM_BUCKETS - 1);
}

/** The largest value, in microseconds, that falls into the bucket. */
function bucketUpperBound(bucket: number): number {
  if (bucket < STEPS_PER_OCTAVE) return bucket + 1;
  const octave = Math.trunc(bucket / STEPS_PER_OCTAVE) + 2;
  const step = bucket % STEPS_PER_OCTAVE;
  return (STEPS_PER_OCTAVE + step + 1) * 2 ** (octave - 3);
}
