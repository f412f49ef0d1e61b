// Runs one workload against one disk over NBD: keeps the queue filled, measures latency and stalls,
// and ends by time, at the end of the trace, when told to, or when the connection is lost.
import type { Clock } from '#lib/base/clock.ts';
import { Histogram } from '#lib/base/histogram.ts';
import type { Random } from '#lib/base/random.ts';
import { MIB } from '#lib/model/limits.ts';
import type { IoSource, PlannedIo } from './io-source.ts';
import type { NbdClient } from './nbd-client.ts';

const DATA_POOL_BYTES = 8 * MIB;
/** Longest wait for I/Os in flight at the end, in milliseconds. */
const DRAIN_MS = 30_000;

export interface WorkloadNumbers {
  completedIos: number;
  completedBytes: number;
  errors: number;
  meanUs: number;
  p99Us: number;
  longestStallMs: number;
}

export interface WorkloadEnd {
  state: 'finished' | 'stopped' | 'failed';
  message: string;
}

export interface WorkloadRunOptions {
  client: NbdClient;
  source: IoSource;
  queueDepth: number;
  durationMs: number;
  clock: Clock;
  random: Random;
}

export class WorkloadRun {
  readonly ended: Promise<WorkloadEnd>;
  readonly #options: WorkloadRunOptions;
  readonly #latency = new Histogram();
  readonly #pool: Uint8Array;
  #resolve: (end: WorkloadEnd) => void = () => undefined;
  #end: WorkloadEnd | null = null;
  #drained = false;
  #outstanding = 0;
  #bytes = 0;
  #errors = 0;
  #longestStallMs = 0;
  #startedAt: number;
  /** When something last completed, or the first I/O went out after an idle time. */
  #progressAt: number;
  #filling = false;
  #poolAt = 0;

  constructor(options: WorkloadRunOptions) {
    this.#options = options;
    this.#pool = options.random.bytes(DATA_POOL_BYTES);
    this.#startedAt = options.clock.monotonic();
    this.#progressAt = this.#startedAt;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  start(): void {
    const { client, clock, durationMs } = this.#options;
    client.onClosed((reason) => this.#stopWith({ state: 'failed', message: reason }));
    clock.after(durationMs, () => this.#stopWith({ state: 'finished', message: '' }));
    this.#refill();
  }

  stop(): void {
    this.#stopWith({ state: 'stopped', message: 'Stopped by the user.' });
  }

  numbers(): WorkloadNumbers {
    this.#noteStall();
    return {
      completedIos: this.#latency.total,
      completedBytes: this.#bytes,
      errors: this.#errors,
      meanUs: this.#latency.mean(),
      p99Us: this.#latency.quantile(0.99),
      longestStallMs: this.#longestStallMs,
    };
  }

  #refill(): void {
    this.#fill().catch((thrown: unknown) => {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      this.#stopWith({ state: 'failed', message });
    });
  }

  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    const { source, queueDepth } = this.#options;
    try {
      while (this.#end === null && this.#outstanding < queueDepth) {
        const next = await source.next();
        if (next.done) {
          this.#stopWith({ state: 'finished', message: '' });
          return;
        }
        await this.#waitUntil(next.value.dueMs);
        if (this.#end === null) this.#submit(next.value);
      }
    } finally {
      this.#filling = false;
    }
  }

  #waitUntil(dueMs: number): Promise<void> {
    const { clock } = this.#options;
    const wait = this.#startedAt + dueMs - clock.monotonic();
    // Timers count whole milliseconds; what is due within one goes out at once.
    if (wait < 1) return Promise.resolve();
    return new Promise((resolve) => clock.after(wait, resolve));
  }

  #submit({ operation, offset, length }: PlannedIo): void {
    const { client, clock } = this.#options;
    const startedAt = clock.monotonic();
    if (this.#outstanding === 0) this.#progressAt = startedAt;
    this.#outstanding += 1;
    const data = operation === 'write' ? this.#data(length) : undefined;
    client.submit({ operation, offset, length, ...(data && { data }) }, (error) => {
      this.#outstanding -= 1;
      this.#noteStall(true);
      if (error !== null) this.#errors += 1;
      else {
        this.#latency.add((clock.monotonic() - startedAt) * 1000);
        this.#bytes += length;
      }
      if (this.#end === null) this.#refill();
      else if (this.#outstanding === 0) this.#finish();
    });
  }

  #data(length: number): Uint8Array {
    if (length > DATA_POOL_BYTES) return new Uint8Array(length);
    if (this.#poolAt + length > DATA_POOL_BYTES) this.#poolAt = 0;
    const data = this.#pool.subarray(this.#poolAt, this.#poolAt + length);
    this.#poolAt += length;
    return data;
  }

  #noteStall(completed = false): void {
    const now = this.#options.clock.monotonic();
    const waiting = completed || this.#outstanding > 0;
    if (waiting) this.#longestStallMs = Math.max(this.#longestStallMs, now - this.#progressAt);
    if (completed) this.#progressAt = now;
  }

  #stopWith(end: WorkloadEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (this.#outstanding === 0 || end.state === 'failed') {
      this.#finish();
      return;
    }
    this.#options.clock.after(DRAIN_MS, () => {
      this.#end = { state: 'failed', message: 'I/Os in flight did not complete at the end.' };
      this.#finish();
    });
  }

  #finish(): void {
    if (this.#drained || this.#end === null) return;
    this.#drained = true;
    if (this.#end.state !== 'failed') this.#options.client.disconnect();
    this.#resolve(this.#end);
  }
}
