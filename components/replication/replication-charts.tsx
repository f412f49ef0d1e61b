'use client';
// What the replication filter of a disk measures, over time. Props: `vm`, `disks` (those that are
// replicated).
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { ReplicatedDisk } from '#lib/wire/api/replication.ts';
import { statisticCharts } from '../performance/statistic-charts.ts';
import { Section } from '../ui/card.tsx';
import { LineChart } from '../ui/charts/line-chart.tsx';
import { useLiveSamples } from '../vms/disk-choice.tsx';

const WINDOW_MS = 300_000;
/** Of the filter, as its manifest has them; the others say nothing on a chart. */
const SHOWN = [
  { name: 'lagBytes', label: 'Behind', kind: 'gauge', unit: 'bytes' },
  { name: 'lagMilliseconds', label: 'Behind', kind: 'gauge', unit: 'ms' },
  { name: 'sentBytes', label: 'Sent', kind: 'counter', unit: 'bytes' },
  { name: 'resyncRemainingBytes', label: 'Still to be sent', kind: 'gauge', unit: 'bytes' },
] as const;

export function ReplicationCharts({ vm, disks }: { vm: VmView; disks: readonly ReplicatedDisk[] }) {
  const samples = useLiveSamples(vm.id, vm.powerState === 'poweredOn');
  return disks.map(({ diskKey, label }) => {
    const filters = vm.disks.find(({ key }) => key === diskKey)?.filters ?? [];
    const name = filters.find((filter) => filter.class === 'replication')?.name ?? '';
    const of = { diskKey, name, statistics: SHOWN };
    const { times, charts } = statisticCharts(samples.data ?? [], of);
    return (
      <Section key={diskKey} title={`Lag of ${label}`}>
        <div className="grid gap-6 xl:grid-cols-3">
          {charts.map((chart) => (
            <LineChart
              key={chart.label}
              {...chart}
              times={times}
              windowMs={WINDOW_MS}
              empty="Nothing was measured in the last five minutes."
            />
          ))}
        </div>
      </Section>
    );
  });
}
