'use client';
// Gives a virtual machine of a cluster a restart priority of its own, or takes it away.
// URL: `cluster`, `vm` (left out: it is chosen here).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useHa } from '#lib/client/use-availability.ts';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import { RESTART_PRIORITIES } from '#lib/model/availability.ts';
import type { HaView } from '#lib/wire/api/ha.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { PRIORITY_LABELS } from './ha-words.ts';

/** So many can be chosen at once, by name; a text narrows down which. */
const VMS_OFFERED = 100;
const INHERITED = 'cluster';
const CHOICES = [INHERITED, ...RESTART_PRIORITIES] as const;
type Choice = (typeof CHOICES)[number];

export function RestartPriorityDialog({ param, close }: UrlDialogProps) {
  const id = param('cluster') ?? '';
  const cluster = useCluster(id);
  const ha = useHa(id);
  if (cluster.data && ha.data) {
    const known = { cluster: cluster.data, ha: ha.data };
    return <Form {...known} firstVm={param('vm') ?? null} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="VM restart priority">
      <QueryState query={ha}>{() => null}</QueryState>
    </Dialog>
  );
}

interface FormProps {
  cluster: ClusterView;
  ha: HaView;
  firstVm: string | null;
  onClose: () => void;
}

function Form({ cluster, ha, firstVm, onClose }: FormProps) {
  const [vmId, setVmId] = useState(firstVm);
  const known = ha.overrides.find(({ vm }) => vm.id === vmId)?.restartPriority ?? INHERITED;
  const [chosen, setChosen] = useState<Choice | null>(null);
  const { mutateAsync, isPending, error } = useChange('setRestartPriority');
  const choice = chosen ?? known;
  const restartPriority = choice === INHERITED ? null : choice;
  const body = { vmId: vmId ?? '', restartPriority };
  const submit = async () => {
    const started = await mutateAsync({ params: { id: cluster.id }, body }).catch(() => null);
    if (started) onClose();
  };
  const [text, setText] = useState('');
  const search = text === '' ? '' : `name:"${text.replaceAll('"', '')}"`;
  const query = { clusterId: cluster.id, search, limit: VMS_OFFERED };
  const vms = useCall('queryVms', { query }).data;
  const refused = reasonOf(cluster.actions.editHa);
  return (
    <Dialog
      open
      onClose={onClose}
      title="VM restart priority"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={isPending}
            disabledReason={vmId === null ? 'Choose a virtual machine.' : refused}
            onClick={() => void submit()}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        {vms && vms.total > VMS_OFFERED && (
          <TextField label="Name contains" value={text} onChange={setText} />
        )}
        <Select
          label="Virtual machine"
          value={vmId}
          placeholder="Choose one"
          options={vms?.rows.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          onChange={setVmId}
        />
        <Select<Choice>
          label="Restart priority"
          value={choice}
          options={CHOICES.map((value) => ({ value, label: labelOf(value, ha) }))}
          onChange={setChosen}
        />
        {error && <ErrorState error={error} compact />}
        <SameAsCall call={apiCall('setRestartPriority', { id: cluster.id }, body)} />
      </div>
    </Dialog>
  );
}

function labelOf(choice: Choice, { config }: HaView): string {
  if (choice !== INHERITED) return PRIORITY_LABELS[choice];
  return `That of the cluster (${PRIORITY_LABELS[config.restartPriority]})`;
}
