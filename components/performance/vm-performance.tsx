'use client';
// Monitor › Performance: rates and latencies of each disk and of each of its filters, live, with
// the age of the numbers.
// Props: `vm`.
import type { VmSample } from '#lib/model/io.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatIops,
  formatLatency,
  formatShare,
} from '../format/quantities.ts';
import { NumberAge } from '../objects/number-age.tsx';
import { Section } from '../ui/card.tsx';
import { LineChart } from '../ui/charts/line-chart.tsx';
import { classNames } from '../ui/class-names.ts';
import { Select } from '../ui/forms/select.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useUrlParam } from '../ui/use-url-param.ts';
import { DiskSelect, useDiskChoice, useLiveSamples } from '../vms/disk-choice.tsx';
import { FilterStatistics } from './filter-statistics.tsx';
import { diskSeries, filterSeries, latestDiskSample } from './performance-series.ts';
import { useLiveDisk } from './use-live-disk.ts';

/** No disk has this key. */
const NO_DISK = -1;
const WINDOWS = [
  { value: '60000', label: 'Last minute' },
  { value: '300000', label: 'Last 5 minutes' },
  { value: '3600000', label: 'Last hour' },
] as const;

export function VmPerformance({ vm }: { vm: VmView }) {
  const on = vm.powerState === 'poweredOn';
  const samples = useLiveSamples(vm.id, on);
  if (!on) {
    return (
      <EmptyState title="Nothing is measured while the virtual machine is not running">
        Power it on to see the rates and latencies of its disks and filters here.
      </EmptyState>
    );
  }
  return (
    <QueryState query={samples} lines={12}>
      {(known) => <Charts vm={vm} samples={known} />}
    </QueryState>
  );
}

function Charts({ vm, samples }: { vm: VmView; samples: VmSample[] }) {
  const choice = useDiskChoice(vm);
  const { disk } = choice;
  const [span, setSpan] = useUrlParam('span', '300000');
  const last = samples.at(-1);
  const { at, idle, stale } = useLiveDisk(vm, disk?.key ?? NO_DISK, samples);
  const window = WINDOWS.find(({ value }) => value === span) ?? WINDOWS[1];
  if (!disk) return <EmptyState title="This virtual machine has no disks" />;
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center gap-3">
        <DiskSelect vm={vm} choice={choice} />
        <div className="w-44">
          <Select
            label="Span of time"
            hideLabel
            value={window.value}
            options={WINDOWS}
            onChange={setSpan}
          />
        </div>
        <NumberAge at={at} idle={idle} />
        {last && (
          <span className="text-sm text-muted">
            {`World: ${formatShare(last.cpu)} of one core, ${formatBytes(last.residentBytes)}`}
          </span>
        )}
      </div>
      <div className={classNames('space-y-6', stale && 'opacity-60')}>
        <DiskCharts samples={samples} diskKey={disk.key} windowMs={Number(window.value)} />
        <FilterCharts samples={samples} disk={disk} windowMs={Number(window.value)} />
        <FilterStatistics samples={samples} disk={disk} windowMs={Number(window.value)} />
      </div>
    </div>
  );
}

interface ChartsProps {
  samples: VmSample[];
  windowMs: number;
}

function DiskCharts({ samples, diskKey, windowMs }: ChartsProps & { diskKey: number }) {
  const { times, iops, throughput, latency, outstanding } = diskSeries(samples, diskKey);
  const shared = { times, windowMs };
  return (
    <div className="grid gap-6 xl:grid-cols-2">
      <LineChart {...shared} label="IOPS" series={iops} format={formatCount} />
      <LineChart {...shared} label="Throughput" series={throughput} format={formatByteRate} />
      <LineChart
        {...shared}
        label="Latency"
        series={latency}
        format={formatLatency}
        empty="No I/O in this span of time, so there is no latency."
      />
      <LineChart {...shared} label="Outstanding I/Os" series={outstanding} format={formatCount} />
    </div>
  );
}

function FilterCharts({ samples, disk, windowMs }: ChartsProps & { disk: DiskView }) {
  const { times } = diskSeries(samples, disk.key);
  const shared = { times, windowMs };
  const latest = latestDiskSample(samples, disk.key);
  if (disk.filters.length === 0 && (latest?.sample.filters.length ?? 0) === 0) {
    return (
      <Section title="Filters">
        <p className="text-muted">This disk has no filters. A VM storage policy puts them there.</p>
      </Section>
    );
  }
  return (
    <Section title="Filters" description="Time spent in each filter itself, in and out together.">
      <div className="grid gap-6 xl:grid-cols-2">
        <LineChart
          {...shared}
          label="I/Os through each filter"
          series={filterSeries(samples, disk.key, 'iops')}
          format={formatIops}
        />
        <LineChart
          {...shared}
          label="Mean time in each filter"
          series={filterSeries(samples, disk.key, 'meanUs')}
          format={formatLatency}
        />
        <LineChart
          {...shared}
          label="p99 of the time in each filter"
          series={filterSeries(samples, disk.key, 'p99Us')}
          format={formatLatency}
        />
      </div>
    </Section>
  );
}
