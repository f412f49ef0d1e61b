// What a filter measures itself as charts: one for each kind and unit of its manifest, counters as
// rates, gauges as they are. Pure.
import { groupBy } from '#lib/base/group-by.ts';
import type { FilterStatistic } from '#lib/model/filter.ts';
import type { HostFilterSample, VmSample } from '#lib/model/io.ts';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatLatency,
  formatMebibytes,
  formatShare,
} from '../format/quantities.ts';
import { hostPointsOf } from './host-filter-series.ts';
import { pointsOf, type Series } from './performance-series.ts';

/** Lines that a chart can tell apart by colour. */
const SERIES_MAX = 6;

export interface StatisticChart {
  label: string;
  series: Omit<Series, 'unit'>[];
  format: (value: number) => string;
}

export interface StatisticCharts {
  /** Wall time in milliseconds, ascending. */
  times: number[];
  charts: StatisticChart[];
}

interface FilterOfDisk {
  diskKey: number;
  name: string;
  /** Undefined of a filter that nobody knows any more: its numbers are shown as they are. */
  statistics: readonly FilterStatistic[] | undefined;
}

export function statisticCharts(
  samples: readonly VmSample[],
  { diskKey, name, statistics }: FilterOfDisk,
): StatisticCharts {
  const points = pointsOf(samples, diskKey).map(({ at, disk }) => ({
    at,
    values: disk?.filters.find((filter) => filter.name === name)?.statistics ?? null,
  }));
  return chartsOf(points, statistics, ratesOf);
}

/** The same of all disks of a host, where counters are rates already. */
export function hostStatisticCharts(
  samples: readonly HostFilterSample[],
  { name, statistics }: Omit<FilterOfDisk, 'diskKey'>,
): StatisticCharts {
  const points = hostPointsOf(samples).map(({ at, filters }) => ({
    at,
    values: filters?.find((filter) => filter.name === name)?.statistics ?? null,
  }));
  return chartsOf(points, statistics, asTheyAre);
}

type Points = readonly { at: number; values: Record<string, number> | null }[];
type Values = (points: Points, statistic: FilterStatistic) => (number | null)[];

function chartsOf(
  points: Points,
  statistics: FilterOfDisk['statistics'],
  valuesOf: Values,
): StatisticCharts {
  const known = statistics ?? unnamed(points.at(-1)?.values ?? {});
  const charts = [...groupBy(known, ({ kind, unit }) => `${kind} ${unit}`).values()]
    .flatMap(chunks)
    .map((group) => ({
      label: chartLabel(group),
      format: formatOf(group[0]),
      series: group.map((one) => ({ label: one.label, values: valuesOf(points, one) })),
    }));
  return { times: points.map(({ at }) => at), charts };
}

function unnamed(values: Record<string, number>): FilterStatistic[] {
  return Object.keys(values).map((name) => ({ name, label: name, kind: 'gauge', unit: '' }));
}

function chunks(group: FilterStatistic[]): FilterStatistic[][] {
  const count = Math.ceil(group.length / SERIES_MAX);
  return Array.from({ length: count }, (_, index) =>
    group.slice(index * SERIES_MAX, (index + 1) * SERIES_MAX),
  );
}

function asTheyAre(points: Points, { name }: FilterStatistic): (number | null)[] {
  return points.map(({ values }) => values?.[name] ?? null);
}

function ratesOf(points: Points, { name, kind }: FilterStatistic): (number | null)[] {
  return points.map(({ at, values }, index) => {
    const value = values?.[name] ?? null;
    if (kind === 'gauge' || value === null) return value;
    const before = points[index - 1];
    const earlier = before?.values?.[name];
    // One that fell began anew, with the process that counts.
    if (!before || earlier === undefined || value < earlier) return null;
    return (value - earlier) / ((at - before.at) / 1000);
  });
}

const UNIT_LABELS: Record<string, string> = {
  'I/Os': 'I/Os',
  bytes: 'Bytes',
  blocks: 'Blocks',
  MiB: 'Amounts',
  '%': 'Shares',
  µs: 'Times',
  ms: 'Times',
  s: 'Times',
  'bits/byte': 'Entropy',
};

/** The name of the only line; of several what they have in common. */
function chartLabel(group: readonly FilterStatistic[]): string {
  const [first, second] = group;
  if (!first || !second) return first?.label ?? '';
  const label = UNIT_LABELS[first.unit] ?? (first.unit || 'Numbers');
  return first.kind === 'counter' ? `${label} per second` : label;
}

function formatOf(statistic: FilterStatistic | undefined): (value: number) => string {
  const unit = statistic?.unit ?? '';
  const perSecond = statistic?.kind === 'counter';
  switch (unit) {
    case 'B':
    case 'bytes':
      return perSecond ? formatByteRate : formatBytes;
    case 'MiB':
      return formatMebibytes;
    case '%':
      return (value) => formatShare(value / 100);
    case 'µs':
      return formatLatency;
    case 'ms':
      return (value) => formatLatency(value * 1e3);
    case 's':
      return (value) => formatLatency(value * 1e6);
    default: {
      const suffix = perSecond ? `${unit}/s` : unit;
      return (value) => `${formatCount(value)} ${suffix}`.trim();
    }
  }
}
