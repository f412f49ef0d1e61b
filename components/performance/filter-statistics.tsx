'use client';
// What a filter of a disk measures itself (hit ratio, dirty data, delayed I/Os, …) as charts, by
// the names and units of its manifest; which filter is kept in `?filter=`.
// Props: `samples`, `disk`, `windowMs`.
import { useFilters } from '#lib/client/use-policies.ts';
import type { VmSample } from '#lib/model/io.ts';
import type { DiskView } from '#lib/wire/api/inventory.ts';
import { Section } from '../ui/card.tsx';
import { LineChart } from '../ui/charts/line-chart.tsx';
import { Select } from '../ui/forms/select.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import { latestDiskSample } from './performance-series.ts';
import { statisticCharts } from './statistic-charts.ts';

export interface FilterStatisticsProps {
  samples: VmSample[];
  disk: DiskView;
  windowMs: number;
}

export function FilterStatistics({ samples, disk, windowMs }: FilterStatisticsProps) {
  const catalogue = useFilters();
  const [chosen, choose] = useUrlParam('filter', '');
  const measured = latestDiskSample(samples, disk.key)?.sample.filters ?? [];
  const names = [...new Set([...disk.filters, ...measured].map(({ name }) => name))];
  const name = names.find((one) => one === chosen) ?? names[0];
  if (name === undefined || !catalogue.data) return null;
  const statistics = catalogue.data.find((entry) => entry.name === name)?.statistics;
  const { times, charts } = statisticCharts(samples, { diskKey: disk.key, name, statistics });
  const select = (
    <div className="w-44">
      <Select
        label="Filter"
        hideLabel
        value={name}
        options={names.map((one) => ({ value: one, label: one }))}
        onChange={choose}
      />
    </div>
  );
  return (
    <Section title={`Measured by ${name}`} actions={names.length > 1 && select}>
      {charts.length === 0 ? (
        <p className="text-muted">{`The filter ${name} measures nothing itself.`}</p>
      ) : (
        <div className="grid gap-6 xl:grid-cols-2">
          {charts.map((chart) => (
            <LineChart
              key={chart.series.map(({ label }) => label).join('\n')}
              {...chart}
              times={times}
              windowMs={windowMs}
              empty="Nothing of this in this span of time."
            />
          ))}
        </div>
      )}
    </Section>
  );
}
