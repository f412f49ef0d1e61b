// Samples of a VM as chart series: for one disk its rates and latencies, for each of its filters
// the same. A moment in which nothing was measured stays null, so that a chart shows a gap and not
// a zero.
import type { DiskSample, VmSample } from '#lib/model/io.ts';

/** Samples further apart than so many intervals have a hole between them. */
export const HOLE_INTERVALS = 4;

export interface Series {
  label: string;
  unit: 'iops' | 'bytesPerSecond' | 'microseconds' | 'count';
  /** One for each sample, in time order; null where nothing was measured. */
  values: (number | null)[];
}

export interface DiskSeries {
  /** Wall time in milliseconds, ascending. */
  times: number[];
  iops: Series[];
  throughput: Series[];
  latency: Series[];
  /** I/Os outstanding, on average over each interval. */
  outstanding: Series[];
}

export function diskSeries(samples: readonly VmSample[], diskKey: number): DiskSeries {
  const points = pointsOf(samples, diskKey);
  const disks = points.map(({ disk }) => disk);
  const of = (read: (disk: DiskSample) => number | null): (number | null)[] =>
    disks.map((disk) => (disk ? read(disk) : null));
  return {
    times: points.map(({ at }) => at),
    iops: [
      { label: 'Reads', unit: 'iops', values: of(({ read }) => read.iops) },
      { label: 'Writes', unit: 'iops', values: of(({ write }) => write.iops) },
      { label: 'Others', unit: 'iops', values: of(({ otherIops }) => otherIops) },
    ],
    throughput: [
      { label: 'Read', unit: 'bytesPerSecond', values: of(({ read }) => read.bytesPerSecond) },
      { label: 'Written', unit: 'bytesPerSecond', values: of(({ write }) => write.bytesPerSecond) },
    ],
    latency: [
      { label: 'Mean', unit: 'microseconds', values: of((disk) => disk.latency?.meanUs ?? null) },
      { label: 'p99', unit: 'microseconds', values: of((disk) => disk.latency?.p99Us ?? null) },
    ],
    outstanding: [{ label: 'Outstanding', unit: 'count', values: of(({ inFlight }) => inFlight) }],
  };
}

/**
 * Per filter of the disk: I/Os per second, or its own time at p99. Filters of any sample are kept.
 */
export function filterSeries(
  samples: readonly VmSample[],
  diskKey: number,
  measure: 'iops' | 'meanUs' | 'p99Us',
): Series[] {
  const disks = pointsOf(samples, diskKey).map(({ disk }) => disk);
  const names = new Set(disks.flatMap((disk) => disk?.filters.map(({ name }) => name) ?? []));
  return [...names].map((name) => ({
    label: name,
    unit: measure === 'iops' ? 'iops' : 'microseconds',
    values: disks.map((disk) => {
      const filter = disk?.filters.find((candidate) => candidate.name === name);
      if (!filter) return null;
      return measure === 'iops' ? filter.iops : (filter.latency?.[measure] ?? null);
    }),
  }));
}

/** The newest sample of a disk, with its time; null when there is none. */
export function latestDiskSample(
  samples: readonly VmSample[],
  diskKey: number,
): { at: number; sample: DiskSample } | null {
  for (let index = samples.length - 1; index >= 0; index--) {
    const vmSample = samples[index];
    const sample = vmSample && diskOf(vmSample, diskKey);
    if (vmSample && sample) return { at: vmSample.at, sample };
  }
  return null;
}

export interface Point {
  at: number;
  /** Null where nothing was measured. */
  disk: DiskSample | null;
}

/** The samples, with an empty point in each hole between them, so that no line is drawn over it. */
export function pointsOf(samples: readonly VmSample[], diskKey: number): Point[] {
  return samples.flatMap((sample, index) => {
    const point = { at: sample.at, disk: diskOf(sample, diskKey) };
    const before = samples[index - 1];
    const hole = before && sample.at - before.at > HOLE_INTERVALS * sample.intervalMs;
    return hole ? [{ at: before.at + 1, disk: null }, point] : [point];
  });
}

function diskOf(sample: VmSample, diskKey: number): DiskSample | null {
  return sample.disks.find((disk) => disk.diskKey === diskKey) ?? null;
}
