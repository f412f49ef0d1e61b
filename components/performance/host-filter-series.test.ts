// Series of a host's filters: a line for each, gaps where nothing was measured.
import { describe, expect, it } from 'vitest';
import type { HostFilterSample } from '#lib/model/io.ts';
import { hostFilterNames, hostFilterSeries } from './host-filter-series.ts';
import { hostStatisticCharts } from './statistic-charts.ts';

const HITS = { name: 'hits', label: 'Hits', kind: 'counter', unit: 'I/Os' } as const;

function sampleAt(at: number, names: string[], statistics = {}): HostFilterSample {
  const numbers = { disks: 2, iops: at, ownIops: 0, latency: { meanUs: 5, p99Us: 9 }, statistics };
  return { at, intervalMs: 1000, filters: names.map((name) => ({ name, ...numbers })) };
}

describe('hostFilterSeries', () => {
  it('has a line for each filter, and a gap before one that came later', () => {
    const samples = [sampleAt(1000, ['trace']), sampleAt(2000, ['cache', 'trace'])];
    expect(hostFilterNames(samples)).toEqual(['cache', 'trace']);
    expect(hostFilterSeries(samples, 'p99Us')).toEqual([
      { label: 'cache', unit: 'microseconds', values: [null, 9] },
      { label: 'trace', unit: 'microseconds', values: [9, 9] },
    ]);
  });

  it('draws no line over a hole between samples', () => {
    const samples = [sampleAt(1000, ['trace']), sampleAt(60_000, ['trace'])];
    expect(hostFilterSeries(samples, 'iops')[0]?.values).toEqual([1000, null, 60_000]);
  });
});

describe('hostStatisticCharts', () => {
  it('shows counters as they are: they are rates already', () => {
    const samples = [10, 4].map((hits, index) =>
      sampleAt(1000 + index * 1000, ['cache'], { hits }),
    );
    const { charts } = hostStatisticCharts(samples, { name: 'cache', statistics: [HITS] });
    expect(charts[0]?.series[0]?.values).toEqual([10, 4]);
    expect(charts[0]?.format(7)).toBe('7 I/Os/s');
  });
});
