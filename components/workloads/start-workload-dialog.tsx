'use client';
// Starts the built-in workload on a disk: the generator, or a recorded trace. Warns before it
// overwrites data.
// URL: `vm`, `disk` (chosen beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import { useStartWorkload } from '#lib/client/use-io.ts';
import { useTraceFiles } from '#lib/client/use-policies.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { TraceFileView } from '#lib/wire/api/operations.ts';
import { formatCount } from '../format/quantities.ts';
import { formatDuration } from '../format/times.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import {
  NEW_WORKLOAD,
  overwritesDisk,
  PATTERN_LABELS,
  type WorkloadDraft,
  workloadOf,
} from './workload-draft.ts';

export function StartWorkloadDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  if (vm.data) return <Form vm={vm.data} diskKey={param('disk')} onClose={close} />;
  return (
    <Dialog open onClose={close} title="Start a workload">
      <QueryState query={vm}>{() => null}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  vm: VmView;
  diskKey: string | null;
  onClose: () => void;
}

function Form({ vm, diskKey, onClose }: FormProps) {
  const [draft, setDraft] = useState<WorkloadDraft>(NEW_WORKLOAD);
  const [key, setKey] = useState(diskKey ?? String(vm.disks[0]?.key ?? ''));
  const [tried, setTried] = useState(false);
  const start = useStartWorkload();
  const { workload, problems } = workloadOf(draft);
  const disk = vm.disks.find((candidate) => String(candidate.key) === key);
  const set = (changes: Partial<WorkloadDraft>) => setDraft({ ...draft, ...changes });
  const submit = async () => {
    setTried(true);
    if (!workload || !disk) return;
    const body = { diskKey: disk.key, workload };
    const started = await start.mutateAsync({ params: { id: vm.id }, body }).catch(() => null);
    if (!started) return;
    showToast('ok', 'Workload started', `${disk.label} of ${vm.name}`);
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Start a workload on ${vm.name}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={start.isPending}
            disabledReason={reasonOf(vm.actions.startWorkload)}
            onClick={() => void submit()}
          >
            Start
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Select
          label="Disk"
          value={key}
          options={vm.disks.map((one) => ({
            value: String(one.key),
            label: `${one.label} (${one.unit})`,
          }))}
          onChange={setKey}
        />
        <RadioGroup
          label="Kind"
          value={draft.kind}
          options={[
            { value: 'generator', label: 'Generator', help: 'I/Os made up by pattern and size.' },
            { value: 'trace', label: 'Recorded trace', help: 'A VMware vSCSI trace, played back.' },
          ]}
          onChange={(kind) => set({ kind })}
        />
        {draft.kind === 'generator' ? (
          <GeneratorFields draft={draft} set={set} problems={(tried && problems) || {}} />
        ) : (
          <TraceFields draft={draft} set={set} problems={(tried && problems) || {}} />
        )}
        {overwritesDisk(draft) && (
          <Banner tone="warn" title={`This overwrites data on ${disk?.label ?? 'the disk'}`}>
            What stands there now, a file system for example, is lost where the workload writes.
          </Banner>
        )}
        {start.error && <ErrorState error={start.error} compact />}
        {workload && disk && (
          <SameAsCall
            call={apiCall('startWorkload', { id: vm.id }, { diskKey: disk.key, workload })}
          />
        )}
      </div>
    </Dialog>
  );
}

interface FieldsProps {
  draft: WorkloadDraft;
  set: (changes: Partial<WorkloadDraft>) => void;
  problems: Record<string, string>;
}

const PATTERNS = (['randrw', 'randread', 'randwrite', 'read', 'write'] as const).map((value) => ({
  value,
  label: PATTERN_LABELS[value],
}));

function GeneratorFields({ draft, set, problems }: FieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Select
        label="Pattern"
        value={draft.pattern}
        options={PATTERNS}
        onChange={(pattern) => set({ pattern })}
      />
      {draft.pattern === 'randrw' && (
        <TextField
          label="Share of reads, percent"
          value={draft.readPercent}
          error={problems.readPercent}
          onChange={(readPercent) => set({ readPercent })}
        />
      )}
      <TextField
        label="Block size, bytes"
        value={draft.blockBytes}
        error={problems.blockBytes}
        onChange={(blockBytes) => set({ blockBytes })}
      />
      <TextField
        label="Queue depth"
        value={draft.queueDepth}
        error={problems.queueDepth}
        onChange={(queueDepth) => set({ queueDepth })}
      />
      <TextField
        label="Limit, IOPS"
        help="0 for no limit."
        value={draft.rateIops}
        error={problems.rateIops}
        onChange={(rateIops) => set({ rateIops })}
      />
      <TextField
        label="Duration, seconds"
        value={draft.durationSeconds}
        error={problems.durationSeconds}
        onChange={(durationSeconds) => set({ durationSeconds })}
      />
    </div>
  );
}

function TraceFields({ draft, set, problems }: FieldsProps) {
  const traces = useTraceFiles();
  return (
    <QueryState query={traces} lines={3}>
      {(files) => (
        <div className="grid gap-4 sm:grid-cols-2">
          <Select
            label="Trace"
            value={draft.traceId || null}
            options={files.map(traceOption)}
            placeholder={files.length === 0 ? 'The depot has no traces' : 'Choose…'}
            error={problems.traceId}
            onChange={(traceId) => set({ traceId })}
          />
          <div className="self-end">
            <Button onClick={() => openDialog('uploadTrace', {})}>Upload a trace…</Button>
          </div>
          <TextField
            label="Speed"
            help={
              '1 plays in the time of the recording, 10 ten times as fast, 0 as fast as the ' +
              'disk answers.'
            }
            value={draft.speed}
            error={problems.speed}
            onChange={(speed) => set({ speed })}
          />
          <TextField
            label="Duration at most, seconds"
            value={draft.durationSeconds}
            error={problems.durationSeconds}
            onChange={(durationSeconds) => set({ durationSeconds })}
          />
        </div>
      )}
    </QueryState>
  );
}

function traceOption({ id, name, records, durationMs }: TraceFileView) {
  return {
    value: id,
    label: name,
    help: `${formatCount(records)} I/Os in ${formatDuration(durationMs)}`,
  };
}
