// Series out of samples: gaps stay gaps, filters that come later are kept.
import { describe, expect, it } from 'vitest';
import type { VmSample } from '#lib/model/io.ts';
import { diskSeries, filterSeries, latestDiskSample } from './performance-series.ts';

const latency = { meanUs: 10, p50Us: 9, p99Us: 30, maxUs: 90 };

function sampleAt(at: number, filterNames: string[] = [], measured = true): VmSample {
  return {
    at,
    intervalMs: 1000,
    cpu: 0,
    residentBytes: 0,
    disks: [
      {
        diskKey: 2000,
        read: { iops: at, bytesPerSecond: at * 4096 },
        write: { iops: 0, bytesPerSecond: 0 },
        otherIops: 0,
        errorsPerSecond: 0,
        inFlight: 1,
        connections: 1,
        latency: measured ? latency : null,
        filters: filterNames.map((name) => ({ name, iops: at, latency, statistics: {} })),
      },
    ],
  };
}

describe('diskSeries', () => {
  it('keeps a moment without latency as a gap', () => {
    const series = diskSeries([sampleAt(1), sampleAt(2, [], false)], 2000);
    expect(series.times).toEqual([1, 2]);
    expect(series.latency.map(({ values }) => values)).toEqual([
      [10, null],
      [30, null],
    ]);
  });

  it('draws no line over a hole between samples', () => {
    const series = diskSeries([sampleAt(1000), sampleAt(2000), sampleAt(60_000)], 2000);
    expect(series.times).toEqual([1000, 2000, 2001, 60_000]);
    expect(series.iops[0]?.values).toEqual([1000, 2000, null, 60_000]);
  });

  it('is all gaps for a disk that was not sampled', () => {
    expect(diskSeries([sampleAt(1)], 2001).iops[0]?.values).toEqual([null]);
  });
});

describe('filterSeries', () => {
  it('gives a filter that was attached later a gap before', () => {
    const series = filterSeries([sampleAt(1), sampleAt(2, ['trace'])], 2000, 'p99Us');
    expect(series).toEqual([{ label: 'trace', unit: 'microseconds', values: [null, 30] }]);
  });
});

describe('latestDiskSample', () => {
  it('finds the newest and its time', () => {
    expect(latestDiskSample([sampleAt(1), sampleAt(2)], 2000)?.at).toBe(2);
    expect(latestDiskSample([sampleAt(1)], 2001)).toBeNull();
  });
});
