'use client';
// Edit vSphere HA of a cluster: on or off, host monitoring, restart priority, admission control.
// URL: `cluster`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useHa } from '#lib/client/use-availability.ts';
import { useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import { type HaConfig, RESTART_PRIORITIES } from '#lib/model/availability.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Select } from '../ui/forms/select.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { PRIORITY_LABELS } from './ha-words.ts';

/** What the dialog offers; the REST face takes more. */
const FAILURES = ['1', '2', '3', '4'] as const;

export function EditHaDialog({ param, close }: UrlDialogProps) {
  const id = param('cluster') ?? '';
  const cluster = useCluster(id);
  const ha = useHa(id);
  if (cluster.data && ha.data) {
    return <Form cluster={cluster.data} known={ha.data.config} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Edit vSphere HA">
      <QueryState query={ha}>{() => null}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  cluster: ClusterView;
  known: HaConfig;
  onClose: () => void;
}

function Form({ cluster, known, onClose }: FormProps) {
  const [ha, setHa] = useState<HaConfig>(known);
  const { mutateAsync, isPending, error } = useChange('configureHa');
  const submit = async () => {
    const call = { params: { id: cluster.id }, body: ha };
    const started = await mutateAsync(call).catch(() => null);
    if (started) onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Edit vSphere HA of ${cluster.name}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={isPending}
            disabledReason={reasonOf(cluster.actions.editHa)}
            onClick={() => void submit()}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Checkbox
          label="vSphere HA is on"
          checked={ha.enabled}
          onChange={(enabled) => setHa({ ...ha, enabled })}
        />
        {ha.enabled && <Settings ha={ha} onChange={setHa} />}
        {error && <ErrorState error={error} compact />}
        <SameAsCall call={apiCall('configureHa', { id: cluster.id }, { ...ha })} />
      </div>
    </Dialog>
  );
}

function Settings({ ha, onChange }: { ha: HaConfig; onChange: (ha: HaConfig) => void }) {
  const failures = FAILURES.find((value) => Number(value) === ha.failuresTolerated) ?? null;
  return (
    <>
      <Checkbox
        label="Host monitoring"
        checked={ha.hostMonitoring}
        onChange={(hostMonitoring) => onChange({ ...ha, hostMonitoring })}
      />
      <Select
        label="VM restart priority"
        help="Of virtual machines that have none of their own. Disabled: they stay down."
        value={ha.restartPriority}
        options={RESTART_PRIORITIES.map((value) => ({ value, label: PRIORITY_LABELS[value] }))}
        onChange={(restartPriority) => onChange({ ...ha, restartPriority })}
      />
      <Checkbox
        label="Admission control"
        checked={ha.admissionControl}
        onChange={(admissionControl) => onChange({ ...ha, admissionControl })}
      />
      {ha.admissionControl && (
        <Select
          label="Host failures cluster tolerates"
          help="So much memory is kept free that nothing new can be powered on in its place."
          value={failures}
          placeholder={String(ha.failuresTolerated)}
          options={FAILURES.map((value) => ({ value, label: value }))}
          onChange={(value) => onChange({ ...ha, failuresTolerated: Number(value) })}
        />
      )}
    </>
  );
}
