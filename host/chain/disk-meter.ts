// Exact counters and latencies of one disk and its filters, and the sample over the time since the
// last one.
import { Histogram } from '#lib/base/histogram.ts';
import type { DiskSample } from '#lib/model/io.ts';
import { READ, WRITE } from './chain-io.ts';

type Latency = DiskSample['latency'];
type DiskNumbers = Omit<DiskSample, 'diskKey' | 'connections' | 'filters'>;

/** What `count` calls a block status: one above the chain's operations. */
export const BLOCK_STATUS_CODE = 6;

/** Numbers of one filter; `latency` holds the time in the filter itself, from traced I/Os only. */
export class FilterMeter {
  ios = 0;
  /** What the filter itself began below it. */
  ownIos = 0;
  readonly latency = new Histogram();

  /** Both counts since the last call. */
  takeCounts(): { ios: number; ownIos: number } {
    const { ios, ownIos } = this;
    this.ios = this.ownIos = 0;
    return { ios, ownIos };
  }
}

export class DiskMeter {
  readIos = 0;
  readBytes = 0;
  writeIos = 0;
  writeBytes = 0;
  otherIos = 0;
  errors = 0;
  /**
   * From the arrival of the batch that held the request until its reply was handed to the kernel.
   */
  readonly latency = new Histogram();
  /** Milliseconds that the completed I/Os spent outstanding, ever. */
  #spentMs = 0;
  #waiting = 0;
  /** The sum of the times at which those that wait arrived. */
  #arrivals = 0;
  /** What all had spent outstanding at the last `take`. */
  #spentBefore = 0;

  /** Some I/Os that were done in the batch in which they arrived, each after so long. */
  doneAtOnce(ios: number, milliseconds: number): void {
    for (let left = ios; left > 0; left--) this.latency.add(milliseconds * 1000);
    this.#spentMs += ios * milliseconds;
  }

  /** An I/O that arrived then, by the monotonic clock, is not done yet. */
  waits(arrivedAt: number): void {
    this.#waiting += 1;
    this.#arrivals += arrivedAt;
  }

  /** One that waited since `arrivedAt` is done. */
  waited(arrivedAt: number, now: number): void {
    this.latency.add((now - arrivedAt) * 1000);
    this.#spentMs += now - arrivedAt;
    this.#waiting -= 1;
    this.#arrivals = this.#waiting === 0 ? 0 : this.#arrivals - arrivedAt;
  }

  /** Counts a completed I/O. `code` is an operation's number or `BLOCK_STATUS_CODE`. */
  count(code: number, length: number, error: number): void {
    if (error !== 0) this.errors += 1;
    if (code === READ) {
      this.readIos += 1;
      this.readBytes += length;
    } else if (code === WRITE) {
      this.writeIos += 1;
      this.writeBytes += length;
    } else {
      this.otherIos += 1;
    }
  }

  /** Rates over the interval since the last call, which this call ends at `now` (monotonic). */
  take(intervalMs: number, now: number): DiskNumbers {
    const seconds = Math.max(intervalMs, 1) / 1000;
    const sample = {
      read: { iops: this.readIos / seconds, bytesPerSecond: this.readBytes / seconds },
      write: { iops: this.writeIos / seconds, bytesPerSecond: this.writeBytes / seconds },
      otherIops: this.otherIos / seconds,
      errorsPerSecond: this.errors / seconds,
      inFlight: this.#takeSpent(now) / (seconds * 1000),
      latency: takeLatency(this.latency),
    };
    this.readIos = this.readBytes = this.writeIos = this.writeBytes = 0;
    this.otherIos = this.errors = 0;
    return sample;
  }

  /**
   * Milliseconds that all I/Os together spent outstanding since the last call. By Little's law it
   * is the average number of them times the interval; those that still wait count as well, so that
   * an I/O that hangs is seen while it does.
   */
  #takeSpent(now: number): number {
    const spent = this.#spentMs + this.#waiting * now - this.#arrivals;
    // Sums of many fractions may differ in their last digits.
    const since = Math.max(0, spent - this.#spentBefore);
    this.#spentBefore = spent;
    return since;
  }
}

/** The quantiles of a histogram, which is then empty; null when it was. */
export function takeLatency(histogram: Histogram): Latency {
  if (histogram.total === 0) return null;
  const latency = {
    meanUs: histogram.mean(),
    p50Us: histogram.quantile(0.5),
    p99Us: histogram.quantile(0.99),
    maxUs: histogram.quantile(1),
  };
  histogram.reset();
  return latency;
}
