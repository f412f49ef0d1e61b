// Exact counters and latencies of one disk and its filters, and the sample over the time since the
// last one.
import { Histogram } from '#lib/base/histogram.ts';
import type { DiskSample } from '#lib/model/io.ts';
import { READ, WRITE } from './chain-io.ts';

type Latency = DiskSample['latency'];

/** Numbers of one filter; `latency` holds the time in the filter itself, from traced I/Os only. */
export class FilterMeter {
  ios = 0;
  readonly latency = new Histogram();
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

  /** Counts a completed I/O. `code` is an operation's number, or above them for block status. */
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

  /** Rates over the interval since the last call, which this call ends. */
  take(
    intervalMs: number,
  ): Pick<DiskSample, 'read' | 'write' | 'otherIops' | 'errorsPerSecond' | 'latency'> {
    const seconds = Math.max(intervalMs, 1) / 1000;
    const sample = {
      read: { iops: this.readIos / seconds, bytesPerSecond: this.readBytes / seconds },
      write: { iops: this.writeIos / seconds, bytesPerSecond: this.writeBytes / seconds },
      otherIops: this.otherIos / seconds,
      errorsPerSecond: this.errors / seconds,
      latency: takeLatency(this.latency),
    };
    this.readIos = this.readBytes = this.writeIos = this.writeBytes = 0;
    this.otherIos = this.errors = 0;
    return sample;
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
