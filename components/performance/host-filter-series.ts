// Samples of what filters do on a host as chart series, a line for each filter. A moment in which
// nothing was measured stays null, so that a chart shows a gap and not a zero.
import type { HostFilter, HostFilterSample } from '#lib/model/io.ts';
import { HOLE_INTERVALS, type Series } from './performance-series.ts';

export interface HostPoint {
  /** Wall time in milliseconds. */
  at: number;
  /** Null where nothing was measured. */
  filters: HostFilter[] | null;
}

/** The samples, with an empty point in each hole between them, so that no line is drawn over it. */
export function hostPointsOf(samples: readonly HostFilterSample[]): HostPoint[] {
  return samples.flatMap(({ at, intervalMs, filters }, index) => {
    const before = samples[index - 1];
    const hole = before && at - before.at > HOLE_INTERVALS * intervalMs;
    return hole
      ? [
          { at: before.at + 1, filters: null },
          { at, filters },
        ]
      : [{ at, filters }];
  });
}

/** Names of all filters that any of the samples knows. */
export function hostFilterNames(samples: readonly HostFilterSample[]): string[] {
  const names = samples.flatMap(({ filters }) => filters.map(({ name }) => name));
  return [...new Set(names)].sort();
}

/** I/Os a second through each filter, or its own time: the mean of all I/Os, or the highest p99. */
export function hostFilterSeries(
  samples: readonly HostFilterSample[],
  measure: 'iops' | 'meanUs' | 'p99Us',
): Series[] {
  const points = hostPointsOf(samples);
  return hostFilterNames(samples).map((name) => ({
    label: name,
    unit: measure === 'iops' ? 'iops' : 'microseconds',
    values: points.map(({ filters }) => {
      const filter = filters?.find((one) => one.name === name);
      if (!filter) return null;
      return measure === 'iops' ? filter.iops : (filter.latency?.[measure] ?? null);
    }),
  }));
}
