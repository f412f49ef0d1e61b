// What the trace filter counts on one disk. Nothing is allocated for an I/O.
import { Histogram } from '#lib/base/histogram.ts';
import type {
  DiskIo,
  FilterContext,
  FilterHooks,
  FilterLifecycle,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { LatencyProbes } from './latency-probes.ts';
import { shannonEntropy } from './shannon-entropy.ts';

const KIB = 1024;
/**
 * An I/O is sequential when it begins where one of so many I/Os before it ended: several streams
 * may mix.
 */
const STREAMS = 8;
/** A new sample moves the shown entropy by this share. */
const ENTROPY_WEIGHT = 0.1;

type Hooks = Omit<FilterHooks, 'prefetch'> & FilterLifecycle;

export class IoObserver implements Hooks {
  readonly #clock: FilterContext['clock'];
  readonly #probes = new LatencyProbes();
  readonly #readLatency = new Histogram();
  readonly #writeLatency = new Histogram();
  readonly #ends = new Float64Array(STREAMS).fill(-1);
  #nextEnd = 0;
  #latencyEvery = 1;
  #entropyEvery = 0;
  #untilLatency = 1;
  #untilEntropy = 1;
  #entropy = -1;
  #reads = 0;
  #writes = 0;
  #flushes = 0;
  #unmaps = 0;
  #errors = 0;
  #readBytes = 0;
  #writtenBytes = 0;
  readonly #sizes = new Float64Array(5);
  /** Since the statistics were asked for last. */
  #recent = 0;
  #recentSequential = 0;

  constructor({ clock, properties }: FilterContext) {
    this.#clock = clock;
    this.setProperties(properties);
  }

  setProperties({ latencySampling, entropySampling }: PropertyValues): void {
    this.#latencyEvery = typeof latencySampling === 'number' ? latencySampling : 1;
    this.#entropyEvery = typeof entropySampling === 'number' ? entropySampling : 0;
    this.#untilLatency = 1;
    this.#untilEntropy = 1;
  }

  read(io: DiskIo): void {
    this.#reads += 1;
    this.#readBytes += io.length;
    this.#observe(io);
  }

  write(io: DiskIo): void {
    this.#writes += 1;
    this.#writtenBytes += io.length;
    this.#observe(io);
    if (this.#entropyEvery === 0) return;
    this.#untilEntropy -= 1;
    if (this.#untilEntropy > 0) return;
    this.#untilEntropy = this.#entropyEvery;
    this.#sampleEntropy(io.data);
  }

  flush(): void {
    this.#flushes += 1;
  }

  trim(): void {
    this.#unmaps += 1;
  }

  writeZeroes(): void {
    this.#unmaps += 1;
  }

  completed(io: DiskIo): void {
    if (io.error !== 0) this.#errors += 1;
    if (this.#probes.active === 0) return;
    const startedAt = this.#probes.end(io);
    if (startedAt < 0) return;
    const microseconds = (this.#clock.monotonic() - startedAt) * 1000;
    (io.operation === 'read' ? this.#readLatency : this.#writeLatency).add(microseconds);
  }

  statistics(): Record<string, number> {
    const numbers: Record<string, number> = {
      reads: this.#reads,
      writes: this.#writes,
      flushes: this.#flushes,
      unmaps: this.#unmaps,
      errors: this.#errors,
      readBytes: this.#readBytes,
      writtenBytes: this.#writtenBytes,
      upTo4Kib: this.#sizes[0] ?? 0,
      upTo16Kib: this.#sizes[1] ?? 0,
      upTo64Kib: this.#sizes[2] ?? 0,
      upTo256Kib: this.#sizes[3] ?? 0,
      over256Kib: this.#sizes[4] ?? 0,
    };
    if (this.#recent > 0) {
      numbers.sequentialShare = (100 * this.#recentSequential) / this.#recent;
    }
    this.#recent = 0;
    this.#recentSequential = 0;
    takeLatency(this.#readLatency, 'readLatency', numbers);
    takeLatency(this.#writeLatency, 'writeLatency', numbers);
    if (this.#entropy >= 0) numbers.writeEntropy = this.#entropy;
    return numbers;
  }

  #observe(io: DiskIo): void {
    const { offset, length } = io;
    const size = sizeClass(length);
    this.#sizes[size] = (this.#sizes[size] ?? 0) + 1;
    this.#recent += 1;
    this.#follow(offset, offset + length);
    this.#untilLatency -= 1;
    if (this.#untilLatency > 0) return;
    this.#untilLatency = this.#latencyEvery;
    this.#probes.begin(io, this.#clock.monotonic());
  }

  /** Continues a stream, or takes the place of the oldest. */
  #follow(offset: number, end: number): void {
    const ends = this.#ends;
    for (let i = 0; i < STREAMS; i++) {
      if (ends[i] !== offset) continue;
      ends[i] = end;
      this.#recentSequential += 1;
      return;
    }
    ends[this.#nextEnd] = end;
    this.#nextEnd = (this.#nextEnd + 1) % STREAMS;
  }

  #sampleEntropy(data: Uint8Array): void {
    const found = shannonEntropy(data);
    this.#entropy =
      this.#entropy < 0 ? found : this.#entropy + ENTROPY_WEIGHT * (found - this.#entropy);
  }
}

function sizeClass(length: number): number {
  if (length <= 4 * KIB) return 0;
  if (length <= 16 * KIB) return 1;
  if (length <= 64 * KIB) return 2;
  return length <= 256 * KIB ? 3 : 4;
}

/**
 * Moves the interval's median and 99th percentile into the numbers; nothing when nothing was timed.
 */
function takeLatency(histogram: Histogram, name: string, numbers: Record<string, number>): void {
  if (histogram.total === 0) return;
  numbers[`${name}Median`] = histogram.quantile(0.5);
  numbers[`${name}P99`] = histogram.quantile(0.99);
  histogram.reset();
}
