'use client';
// Monitor › I/O filters: what each filter does on all disks of the running virtual machines of a
// host, live, with the age of the numbers. Props: `host`.
import { useHostSamples } from '#lib/client/use-io.ts';
import { useFilters } from '#lib/client/use-policies.ts';
import type { HostFilterSample } from '#lib/model/io.ts';
import type { HostView } from '#lib/wire/api/inventory.ts';
import { formatCount, formatIops, formatLatency } from '../format/quantities.ts';
import { NumberAge, useIsStale } from '../objects/number-age.tsx';
import {
  hostFilterNames,
  hostFilterSeries,
  hostPointsOf,
} from '../performance/host-filter-series.ts';
import { hostStatisticCharts } from '../performance/statistic-charts.ts';
import { Section } from '../ui/card.tsx';
import { LineChart } from '../ui/charts/line-chart.tsx';
import { classNames } from '../ui/class-names.ts';
import { Select } from '../ui/forms/select.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';

const READ_EVERY_MS = 1000;
const WINDOWS = [
  { value: '60000', label: 'Last minute' },
  { value: '300000', label: 'Last 5 minutes' },
  { value: '3600000', label: 'Last hour' },
] as const;

export function HostIoFilters({ host }: { host: HostView }) {
  const samples = useHostSamples(host.id, { refetchMs: READ_EVERY_MS });
  return (
    <QueryState query={samples} lines={12}>
      {(known) => <Charts host={host} samples={known} />}
    </QueryState>
  );
}

function Charts({ host, samples }: { host: HostView; samples: HostFilterSample[] }) {
  const [span, setSpan] = useUrlParam('span', '300000');
  const window = WINDOWS.find(({ value }) => value === span) ?? WINDOWS[1];
  const last = samples.at(-1);
  // Nothing new is written down while nothing happens.
  const idle = host.connectionState === 'connected';
  const stale = useIsStale(last?.at ?? null, idle);
  if (last === undefined || hostFilterNames(samples).length === 0) {
    return (
      <EmptyState title="No I/O filter works on this host">
        Power on a virtual machine whose disks have a VM storage policy with filters to see here
        what they do.
      </EmptyState>
    );
  }
  const shared = { samples, windowMs: Number(window.value) };
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center gap-3">
        <div className="w-44">
          <Select
            label="Span of time"
            hideLabel
            value={window.value}
            options={WINDOWS}
            onChange={setSpan}
          />
        </div>
        <NumberAge at={last.at} idle={idle} />
        <span className="text-sm text-muted">{disksNow(last)}</span>
      </div>
      <div className={classNames('space-y-6', stale && 'opacity-60')}>
        <FilterCharts {...shared} />
        <Statistics {...shared} />
      </div>
    </div>
  );
}

interface ChartsProps {
  samples: HostFilterSample[];
  windowMs: number;
}

function FilterCharts({ samples, windowMs }: ChartsProps) {
  const shared = { times: hostPointsOf(samples).map(({ at }) => at), windowMs };
  return (
    <Section
      title="Filters"
      description="Of all disks of this host together; time is that spent in each filter itself."
    >
      <div className="grid gap-6 xl:grid-cols-2">
        <LineChart
          {...shared}
          label="I/Os through each filter"
          series={hostFilterSeries(samples, 'iops')}
          format={formatIops}
        />
        <LineChart
          {...shared}
          label="Mean time in each filter"
          series={hostFilterSeries(samples, 'meanUs')}
          format={formatLatency}
        />
        <LineChart
          {...shared}
          label="p99 of the time, of the slowest disk"
          series={hostFilterSeries(samples, 'p99Us')}
          format={formatLatency}
        />
      </div>
    </Section>
  );
}

function Statistics({ samples, windowMs }: ChartsProps) {
  const catalogue = useFilters();
  const [chosen, choose] = useUrlParam('filter', '');
  const names = hostFilterNames(samples);
  const name = names.find((one) => one === chosen) ?? names[0];
  if (name === undefined || !catalogue.data) return null;
  const statistics = catalogue.data.find((entry) => entry.name === name)?.statistics;
  const { times, charts } = hostStatisticCharts(samples, { name, statistics });
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
    <Section
      title={`Measured by ${name}`}
      description="Counters and amounts of all disks added up, of shares and times the mean."
      actions={names.length > 1 && select}
    >
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

function disksNow({ filters }: HostFilterSample): string {
  if (filters.length === 0) return 'No disk has a filter now';
  const counts = filters.map(({ name, disks }) => {
    return `${name} on ${formatCount(disks)} ${disks === 1 ? 'disk' : 'disks'}`;
  });
  return counts.join(', ');
}
