'use client';
// Monitor › Workload: the built-in generator and the trace player on the disks of a VM, with what
// they measure.
// Props: `vm`.
import { Activity } from 'lucide-react';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useStopWorkload, useWorkloads } from '#lib/client/use-io.ts';
import { useTraceFiles } from '#lib/client/use-policies.ts';
import type { WorkloadStatus } from '#lib/model/workload.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes, formatCount, formatIops, formatLatency } from '../format/quantities.ts';
import { formatDuration } from '../format/times.ts';
import { Elapsed } from '../ui/age.tsx';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useNow } from '../ui/use-now.ts';
import { PATTERN_LABELS } from './workload-draft.ts';

const STATES: Record<WorkloadStatus['state'], { label: string; tone: Tone }> = {
  running: { label: 'Running', tone: 'info' },
  finished: { label: 'Finished', tone: 'ok' },
  stopped: { label: 'Stopped', tone: 'idle' },
  failed: { label: 'Failed', tone: 'bad' },
};

export function VmWorkload({ vm }: { vm: VmView }) {
  const on = vm.powerState === 'poweredOn';
  const workloads = useWorkloads(vm.id, { enabled: on });
  const start = (
    <Button
      variant="primary"
      disabledReason={reasonOf(vm.actions.startWorkload)}
      onClick={() => openDialog('startWorkload', { vm: vm.id })}
    >
      Start a workload…
    </Button>
  );
  const empty = (
    <EmptyState icon={Activity} title="No workload has run yet" action={start}>
      The built-in workload is an NBD client like any other: a small generator in the manner of fio,
      or a player of recorded VMware vSCSI traces.
    </EmptyState>
  );
  if (!on) return empty;
  return (
    <QueryState query={workloads}>
      {({ workloads: known }) =>
        known.length === 0 ? (
          empty
        ) : (
          <Section title="Workloads" actions={start}>
            <ul className="space-y-3">
              {[...known]
                .sort((a, b) => b.startedAt - a.startedAt)
                .map((status) => (
                  <WorkloadRow key={status.id} vm={vm} status={status} />
                ))}
            </ul>
          </Section>
        )
      }
    </QueryState>
  );
}

function WorkloadRow({ vm, status }: { vm: VmView; status: WorkloadStatus }) {
  const stop = useStopWorkload();
  const traces = useTraceFiles();
  const disk = vm.disks.find(({ key }) => key === status.diskKey);
  const { workload } = status;
  const state = STATES[status.state];
  const title =
    workload.kind === 'generator'
      ? `${PATTERN_LABELS[workload.pattern]}, ${formatBytes(workload.blockBytes)}, queue ` +
        `depth ${workload.queueDepth}`
      : `Trace ${traces.data?.find(({ id }) => id === workload.traceId)?.name ?? workload.traceId}`;
  const halt = () =>
    stop.mutate(
      { params: { id: vm.id, workloadId: status.id } },
      { onError: (error) => showFault('The workload was not stopped', error) },
    );
  return (
    <li className="rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-semibold">{title}</span>
        <span className="text-muted">on {disk?.label ?? `disk ${status.diskKey}`}</span>
        <Badge tone={state.tone}>{state.label}</Badge>
        <span className="text-muted">
          <Elapsed from={status.startedAt} to={status.endedAt} />
        </span>
        {status.state === 'running' && (
          <Button size="small" className="ml-auto" busy={stop.isPending} onClick={halt}>
            Stop
          </Button>
        )}
      </div>
      {status.message && <p className="mt-1 text-muted">{status.message}</p>}
      <WorkloadNumbers status={status} />
    </li>
  );
}

function WorkloadNumbers({ status }: { status: WorkloadStatus }) {
  const now = useNow();
  const elapsedMs = Math.max(1, (status.endedAt ?? now) - status.startedAt);
  const numbers = [
    { label: 'I/Os', value: formatCount(status.completedIos) },
    { label: 'Rate', value: formatIops((status.completedIos * 1000) / elapsedMs) },
    { label: 'Transferred', value: formatBytes(status.completedBytes) },
    { label: 'Mean latency', value: formatLatency(status.meanUs) },
    { label: 'p99 latency', value: formatLatency(status.p99Us) },
    { label: 'Errors', value: formatCount(status.errors), bad: status.errors > 0 },
    { label: 'Longest stall', value: formatDuration(status.longestStallMs) },
  ];
  return (
    <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2">
      {numbers.map(({ label, value, bad }) => (
        <div key={label}>
          <dt className="text-sm text-muted">{label}</dt>
          <dd className={bad ? 'text-lg font-semibold text-bad' : 'text-lg font-semibold'}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
