'use client';
// What each filter of a disk measures itself (hit ratio, held I/Os, …), by the names and units of
// its manifest.
// Props: `samples`, `disk`. Counters are shown as the rate over the last samples, gauges as they
// are.
import { useFilters } from '#lib/client/use-policies.ts';
import type { VmSample } from '#lib/model/io.ts';
import type { DiskView } from '#lib/wire/api/inventory.ts';
import type { FilterCatalogueEntry } from '#lib/wire/api/policies.ts';
import { formatByteRate, formatBytes, formatCount } from '../format/quantities.ts';
import { latestDiskSample } from './performance-series.ts';

type Statistic = FilterCatalogueEntry['statistics'][number];

export function FilterStatistics({ samples, disk }: { samples: VmSample[]; disk: DiskView }) {
  const filters = useFilters();
  const latest = latestDiskSample(samples, disk.key);
  const before =
    latest &&
    latestDiskSample(
      samples.filter(({ at }) => at < latest.at),
      disk.key,
    );
  if (!latest) return null;
  return (
    <div className="space-y-3">
      {latest.sample.filters.map(({ name, statistics }) => {
        const entry = filters.data?.find((candidate) => candidate.name === name);
        const earlier = before?.sample.filters.find((other) => other.name === name);
        return (
          <div key={name}>
            <p className="font-medium">{name}</p>
            <dl className="grid max-w-md grid-cols-[1fr_auto] gap-x-4">
              {Object.entries(statistics).map(([key, value]) => {
                const known = entry?.statistics.find((one) => one.name === key);
                const rate = rateOf(value, earlier?.statistics[key], latest.at, before?.at);
                return (
                  <div key={key} className="col-span-2 grid grid-cols-subgrid border-b border-line">
                    <dt className="text-muted">{known?.label ?? key}</dt>
                    <dd className="text-right">{statisticText(known, value, rate)}</dd>
                  </div>
                );
              })}
            </dl>
          </div>
        );
      })}
    </div>
  );
}

function rateOf(
  value: number,
  earlier: number | undefined,
  at: number,
  earlierAt: number | undefined,
): number | null {
  if (earlier === undefined || earlierAt === undefined || at <= earlierAt) return null;
  return Math.max(0, value - earlier) / ((at - earlierAt) / 1000);
}

function statisticText(known: Statistic | undefined, value: number, rate: number | null): string {
  const bytes = known?.unit === 'B' || known?.unit === 'bytes';
  if (known?.kind === 'counter' && rate !== null) {
    return bytes ? formatByteRate(rate) : `${formatCount(rate)} ${known.unit}/s`.replace('  ', ' ');
  }
  if (bytes) return formatBytes(value);
  return `${formatCount(value)} ${known?.unit ?? ''}`.trim();
}
