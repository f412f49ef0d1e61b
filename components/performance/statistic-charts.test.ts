// Charts out of what filters measure: by kind and unit, counters as rates, gaps kept.
import { describe, expect, it } from 'vitest';
import type { FilterStatistic } from '#lib/model/filter.ts';
import type { VmSample } from '#lib/model/io.ts';
import { statisticCharts } from './statistic-charts.ts';

const DISK = 2000;
const HIT_RATIO = { name: 'hitRatio', label: 'Hit ratio', kind: 'gauge', unit: '%' } as const;
const HITS = { name: 'hits', label: 'Hits', kind: 'counter', unit: 'I/Os' } as const;
const MISSES = { name: 'misses', label: 'Misses', kind: 'counter', unit: 'I/Os' } as const;
const DIRTY = { name: 'dirty', label: 'Dirty', kind: 'gauge', unit: 'MiB' } as const;

function sampleAt(at: number, statistics: Record<string, number>): VmSample {
  const rate = { iops: 0, bytesPerSecond: 0 };
  const filters = [{ name: 'cache', iops: 0, latency: null, statistics }];
  const counts = { otherIops: 0, errorsPerSecond: 0, inFlight: 0, connections: 1 };
  const disk = { diskKey: DISK, read: rate, write: rate, ...counts, latency: null, filters };
  return { at, intervalMs: 1000, cpu: 0, residentBytes: 0, disks: [disk] };
}

function chartsOf(samples: VmSample[], statistics: readonly FilterStatistic[] | undefined) {
  return statisticCharts(samples, { diskKey: DISK, name: 'cache', statistics }).charts;
}

describe('statisticCharts', () => {
  it('puts what has the same kind and unit into one chart', () => {
    const charts = chartsOf([], [HIT_RATIO, HITS, MISSES, DIRTY]);
    expect(charts.map(({ label, series }) => [label, series.length])).toEqual([
      ['Hit ratio', 1],
      ['I/Os per second', 2],
      ['Dirty', 1],
    ]);
  });

  it('shows counters as rates, and nothing where they began anew', () => {
    const samples = [10, 30, 5, 6].map((hits, index) => sampleAt(1000 + index * 2000, { hits }));
    expect(chartsOf(samples, [HITS])[0]?.series[0]?.values).toEqual([null, 10, null, 0.5]);
  });

  it('leaves a gap where a gauge had nothing to say', () => {
    const samples = [sampleAt(1000, { hitRatio: 50 }), sampleAt(2000, {})];
    expect(chartsOf(samples, [HIT_RATIO])[0]?.series[0]?.values).toEqual([50, null]);
  });

  it('formats by the unit', () => {
    const [ratio, hits, dirty] = chartsOf([], [HIT_RATIO, HITS, DIRTY]);
    expect(ratio?.format(12.3)).toMatch(/^12[.,]3 %$/);
    expect(hits?.format(7)).toBe('7 I/Os/s');
    expect(dirty?.format(64)).toBe('64 MiB');
  });

  it('splits what a chart could not tell apart by colour', () => {
    const many = Array.from({ length: 8 }, (_, index) => ({ ...HITS, name: `hits${index}` }));
    expect(chartsOf([], many).map(({ series }) => series.length)).toEqual([6, 2]);
  });

  it('shows the numbers of a filter that nobody knows as they are', () => {
    const [chart] = chartsOf([sampleAt(1000, { odd: 3 })], undefined);
    expect(chart).toMatchObject({ label: 'odd', series: [{ values: [3] }] });
  });
});
