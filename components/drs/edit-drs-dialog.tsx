'use client';
// Edit DRS of a cluster: on or off, level of automation, migration threshold. URL: `cluster`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import type { DrsBehavior, DrsConfig } from '#lib/model/inventory.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Select } from '../ui/forms/select.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { BEHAVIOR_NAMES, BEHAVIORS, thresholdLabel } from './drs-words.ts';

const THRESHOLDS = ['1', '2', '3', '4', '5'] as const;

export function EditDrsDialog({ param, close }: UrlDialogProps) {
  const cluster = useCluster(param('cluster') ?? '');
  if (cluster.data) return <Form cluster={cluster.data} onClose={close} />;
  return (
    <Dialog open onClose={close} title="Edit DRS">
      <QueryState query={cluster}>{() => null}</QueryState>
    </Dialog>
  );
}

function Form({ cluster, onClose }: { cluster: ClusterView; onClose: () => void }) {
  const [drs, setDrs] = useState<DrsConfig>(cluster.drs);
  const { mutateAsync, isPending, error } = useChange('configureDrs');
  const submit = async () => {
    const call = { params: { id: cluster.id }, body: drs };
    const started = await mutateAsync(call).catch(() => null);
    if (started) onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Edit DRS of ${cluster.name}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={isPending}
            disabledReason={reasonOf(cluster.actions.editDrs)}
            onClick={() => void submit()}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Checkbox
          label="DRS is on"
          checked={drs.enabled}
          onChange={(enabled) => setDrs({ ...drs, enabled })}
        />
        {!drs.enabled && cluster.filters.length > 0 && (
          <Banner tone="warn" title="The cluster has I/O filters">
            With DRS off nothing is moved or recommended, and entering maintenance mode leaves the
            virtual machines where they are. Hosts of version 6.0 Update 1 need it on.
          </Banner>
        )}
        {drs.enabled && <Levels drs={drs} onChange={setDrs} />}
        {error && <ErrorState error={error} compact />}
        <SameAsCall call={apiCall('configureDrs', { id: cluster.id }, { ...drs })} />
      </div>
    </Dialog>
  );
}

function Levels({ drs, onChange }: { drs: DrsConfig; onChange: (drs: DrsConfig) => void }) {
  return (
    <>
      <RadioGroup<DrsBehavior>
        label="Automation level"
        value={drs.behavior}
        options={BEHAVIOR_NAMES.map((value) => ({ value, ...BEHAVIORS[value] }))}
        onChange={(behavior) => onChange({ ...drs, behavior })}
      />
      <Select
        label="Migration threshold"
        help="1 is conservative, 5 aggressive."
        value={THRESHOLDS[drs.threshold - 1] ?? null}
        options={THRESHOLDS.map((value) => ({
          value,
          label: `${value}: ${thresholdLabel(Number(value))}`,
        }))}
        onChange={(value) => onChange({ ...drs, threshold: Number(value) })}
      />
    </>
  );
}
