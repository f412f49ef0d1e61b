'use client';
// Install an I/O filter on a cluster: choose or upload a VIB, see what is in it and who signed it,
// then confirm.
// URL: `cluster`, `vib` (chosen beforehand).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import { useDepotVibs } from '#lib/client/use-policies.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { ClusterView } from '#lib/wire/api/inventory.ts';
import type { DepotVibView } from '#lib/wire/api/operations.ts';
import { acceptanceLabel, VibDetails, VibFiles, VibSigners } from '../depot/vib-details.tsx';
import { VibUpload } from '../depot/vib-upload.tsx';
import { apiCall } from '../tasks/api-call.ts';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { Wizard } from '../ui/overlays/wizard.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function InstallFilterDialog({ param, close }: UrlDialogProps) {
  const cluster = useCluster(param('cluster') ?? '');
  const vibs = useDepotVibs();
  if (cluster.data && vibs.data) {
    return <Steps cluster={cluster.data} vibs={vibs.data} first={param('vib')} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Install an I/O filter">
      <QueryState query={cluster}>{() => null}</QueryState>
      {cluster.data && <QueryState query={vibs}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface StepsProps {
  cluster: ClusterView;
  vibs: readonly DepotVibView[];
  first: string | null;
  onClose: () => void;
}

function Steps({ cluster, vibs, first, onClose }: StepsProps) {
  const [chosen, setChosen] = useState(first);
  const { mutateAsync } = useChange('installIoFilter');
  const vib = vibs.find(({ id }) => id === chosen) ?? null;
  const body = { computeResourceId: cluster.id, depotId: vib?.id ?? '' };
  return (
    <Wizard
      open
      onClose={onClose}
      title={`Install an I/O filter on ${cluster.name}`}
      steps={[
        {
          id: 'vib',
          title: 'Choose a VIB',
          content: <ChooseVib cluster={cluster} vibs={vibs} chosen={chosen} onChoose={setChosen} />,
          blocked: whyNot(cluster, vib),
        },
        {
          id: 'inspect',
          title: 'What is in it',
          content: vib && <Inspect vib={vib} />,
        },
      ]}
      review={{
        sentences: vib ? sentencesOf(cluster, vib) : [],
        call: apiCall('installIoFilter', {}, body),
      }}
      finish={{
        label: 'Install',
        blocked: reasonOf(cluster.actions.installFilter),
        run: async () => {
          await mutateAsync({ body });
          showToast('info', 'Installing the I/O filter', 'The progress of each host stands below.');
        },
      }}
    />
  );
}

function whyNot(cluster: ClusterView, vib: DepotVibView | null): DisabledReason {
  const refused = reasonOf(cluster.actions.installFilter);
  if (refused) return refused;
  if (!vib) return 'Choose a VIB first.';
  return vib.inspection.filter ? null : 'This VIB brings no I/O filter.';
}

interface ChooseVibProps {
  cluster: ClusterView;
  vibs: readonly DepotVibView[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

function ChooseVib({ cluster, vibs, chosen, onChoose }: ChooseVibProps) {
  return (
    <div className="space-y-4">
      {vibs.length === 0 && (
        <p className="text-muted">The depot is empty. Upload the VIB of an I/O filter.</p>
      )}
      {vibs.length > 0 && (
        <RadioGroup
          label="From the depot"
          value={chosen}
          onChange={onChoose}
          options={vibs.map((vib) => vibOption(cluster, vib))}
        />
      )}
      <VibUpload onAdded={([added]) => added && onChoose(added.id)} />
    </div>
  );
}

function vibOption(cluster: ClusterView, { id, inspection, installedOn }: DepotVibView) {
  const { descriptor, filter } = inspection;
  const there = installedOn.some((other) => other.id === cluster.id);
  const reason = filter
    ? there && `It is installed on ${cluster.name} already.`
    : 'This VIB brings no I/O filter.';
  return {
    value: id,
    label: `${descriptor.name} ${descriptor.version}`,
    help: [
      filter && FILTER_CLASSES[filter.class].label,
      descriptor.vendor,
      acceptanceLabel(descriptor.acceptanceLevel),
    ]
      .filter(Boolean)
      .join(' · '),
    disabledReason: reason || null,
  };
}

function Inspect({ vib }: { vib: DepotVibView }) {
  return (
    <div className="space-y-4">
      <VibDetails vib={vib} />
      <div>
        <h4 className="mb-2 font-semibold">Signed by</h4>
        <VibSigners vib={vib} />
      </div>
      <details>
        <summary className="cursor-pointer font-semibold select-none">Files and checksums</summary>
        <div className="mt-2">
          <VibFiles vib={vib} />
        </div>
      </details>
    </div>
  );
}

function sentencesOf(cluster: ClusterView, { inspection }: DepotVibView): string[] {
  const { descriptor, filter } = inspection;
  const hosts = cluster.hosts.map(({ name }) => name).join(', ');
  return [
    `The I/O filter ${filter?.name ?? descriptor.name} ${descriptor.version} by ` +
      `${descriptor.vendor} is installed on every host of ${cluster.name}: ${hosts}.`,
    'Each host downloads the VIB, verifies its signature and checksums, unpacks it into ' +
      'its image, and reports.',
    'No virtual machine uses it until a VM storage policy with it is assigned to a disk.',
    ...(descriptor.maintenanceModeRequired
      ? ['The VIB asks for maintenance mode: each host is emptied before.']
      : []),
  ];
}
