'use client';
// Monitor › I/O path: the live diagram of one disk's chain, and below it the last traced I/Os with
// every crossing.
// Props: `vm`. Tracing runs only while this is shown and not paused.
import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useIoTrace } from '#lib/client/use-io.ts';
import type { DiskSample } from '#lib/model/io.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { NumberAge } from '../objects/number-age.tsx';
import { useLiveDisk } from '../performance/use-live-disk.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { DiskSelect, useDiskChoice, useLiveSamples } from '../vms/disk-choice.tsx';
import { IoPathDiagram } from './io-path-diagram.tsx';
import { describePath } from './path-model.ts';
import { traceRows, traceStages } from './trace-rows.ts';
import { TraceTable } from './trace-table.tsx';

/** Rows of the trace table: enough to read, few enough to draw every second. */
const ROWS_SHOWN = 100;

export function VmIoPath({ vm }: { vm: VmView }) {
  const choice = useDiskChoice(vm);
  const { disk } = choice;
  if (!disk) return <EmptyState title="This virtual machine has no disks" />;
  if (vm.powerState !== 'poweredOn') {
    return (
      <EmptyState title="No I/O passes while the virtual machine is not running">
        Power it on to follow each I/O through the filters of its disks.
      </EmptyState>
    );
  }
  return (
    <div className="space-y-6">
      <DiskSelect vm={vm} choice={choice} />
      <DiskPath key={disk.key} vm={vm} disk={disk} />
    </div>
  );
}

function DiskPath({ vm, disk }: { vm: VmView; disk: DiskView }) {
  const [paused, setPaused] = useState(false);
  const samples = useLiveSamples(vm.id);
  const trace = useIoTrace({ vmId: vm.id, diskKey: disk.key }, { enabled: !paused });
  const entries = (trace.data ?? []).slice(-ROWS_SHOWN);
  const { sample, at, idle, stale } = useLiveDisk(vm, disk.key, samples.data);
  const path = describePath({
    diskLabel: disk.label,
    unit: disk.unit,
    filters: disk.filters,
    sample,
    entries,
  });
  const stages = traceStages(disk.filters, entries);
  return (
    <>
      <Section
        title="Path of an I/O"
        actions={<NumberAge at={at} idle={idle} />}
        description={
          'Down the chain on the way in, back up in reverse on the way out. Rates stand on ' +
          'the edges, the time spent stands in each stage.'
        }
      >
        <IoPathDiagram path={path} stale={stale} />
      </Section>
      <Section
        title="Last I/Os"
        actions={
          <Button
            size="small"
            icon={paused ? <Play size={13} /> : <Pause size={13} />}
            aria-pressed={paused}
            onClick={() => setPaused(!paused)}
          >
            {paused ? 'Resume' : 'Pause'}
          </Button>
        }
      >
        {trace.error && entries.length === 0 ? (
          <ErrorState error={trace.error} compact onRetry={() => void trace.refetch()} />
        ) : entries.length === 0 ? (
          <NoIo vm={vm} disk={disk} comes={trace.isPending || isMoving(sample)} />
        ) : (
          <TraceTable rows={traceRows(entries, stages)} stages={stages} />
        )}
      </Section>
    </>
  );
}

/** I/O passes: the first that is traced is about to come. */
function isMoving(sample: DiskSample | null): boolean {
  return sample !== null && sample.read.iops + sample.write.iops + sample.otherIops > 0;
}

interface NoIoProps {
  vm: VmView;
  disk: DiskView;
  comes: boolean;
}

function NoIo({ vm, disk, comes }: NoIoProps) {
  if (comes) return <EmptyState title="Waiting for the first traced I/O…" />;
  return (
    <EmptyState
      title="No I/O came to this disk yet"
      action={
        <Button
          disabledReason={reasonOf(vm.actions.startWorkload)}
          onClick={() => openDialog('startWorkload', { vm: vm.id, disk: String(disk.key) })}
        >
          Start a workload…
        </Button>
      }
    >
      Connect a client to its NBD address, or start the built-in workload. Each I/O then stands here
      with every crossing of every filter.
    </EmptyState>
  );
}
