'use client';
// Upgrade an I/O filter on a cluster: choose the VIB of a higher version, see what would happen on
// each host, then confirm.
// URL: `cluster`, `filter`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useCluster } from '#lib/client/use-inventory.ts';
import { useDepotVibs } from '#lib/client/use-policies.ts';
import { compareVibVersions } from '#lib/model/vib-version.ts';
import type { ClusterFilterView, ClusterView } from '#lib/wire/api/inventory.ts';
import type { DepotVibView, UpgradePlan } from '#lib/wire/api/operations.ts';
import { acceptanceLabel } from '../depot/vib-details.tsx';
import { VibUpload } from '../depot/vib-upload.tsx';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { Wizard } from '../ui/overlays/wizard.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { UpgradePlanList } from './upgrade-plan-list.tsx';

const WAVES = [
  { value: '1', label: 'One host at a time' },
  { value: '2', label: 'Two hosts at a time' },
  { value: '4', label: 'Four hosts at a time' },
] as const;
type Wave = (typeof WAVES)[number]['value'];

export function UpgradeFilterDialog({ param, close }: UrlDialogProps) {
  const cluster = useCluster(param('cluster') ?? '');
  const vibs = useDepotVibs();
  const filter = cluster.data?.filters.find(({ filterId }) => filterId === param('filter'));
  if (cluster.data && filter && vibs.data) {
    const parts = { cluster: cluster.data, filter, vibs: vibs.data };
    return <Steps {...parts} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Upgrade an I/O filter">
      <QueryState query={cluster}>
        {() => (filter ? null : <p>The filter is not on the cluster any more.</p>)}
      </QueryState>
    </Dialog>
  );
}

interface StepsProps {
  cluster: ClusterView;
  filter: ClusterFilterView;
  vibs: readonly DepotVibView[];
  onClose: () => void;
}

function Steps({ cluster, filter, vibs, onClose }: StepsProps) {
  const higher = vibs.filter((vib) => isHigher(vib, filter));
  const [chosen, setChosen] = useState<string | null>(higher.at(-1)?.id ?? null);
  const [wave, setWave] = useState<Wave>('1');
  const { mutateAsync } = useChange('upgradeIoFilter');
  const vib = vibs.find(({ id }) => id === chosen);
  const params = { id: cluster.id, filterId: filter.filterId };
  const body = { depotId: chosen ?? '', hostsAtOnce: Number(wave) };
  const plan = useCall('planUpgrade', { params, query: body }, { enabled: chosen !== null });
  const refused = reasonOf(filter.actions.upgrade);
  return (
    <Wizard
      open
      onClose={onClose}
      title={`Upgrade ${filter.name} ${filter.version} on ${cluster.name}`}
      steps={[
        {
          id: 'vib',
          title: 'Choose the new version',
          content: (
            <div className="space-y-4">
              <ChooseVib filter={filter} vibs={higher} chosen={chosen} onChoose={setChosen} />
              <RadioGroup label="Pace" options={WAVES} value={wave} onChange={setWave} />
            </div>
          ),
          blocked: refused ?? (vib ? null : 'Choose a VIB first.'),
        },
        {
          id: 'plan',
          title: 'What will happen',
          content: (
            <QueryState query={plan}>{(known) => <UpgradePlanList plan={known} />}</QueryState>
          ),
          blocked: plan.data ? reasonOf(plan.data.verdict) : 'The hosts are being looked at.',
        },
      ]}
      review={{
        sentences: sentencesOf(cluster, filter, vib, plan.data),
        call: apiCall('upgradeIoFilter', params, body),
      }}
      finish={{
        label: 'Upgrade',
        blocked: refused,
        run: async () => {
          await mutateAsync({ params, body });
          showToast('info', 'Upgrading the I/O filter', 'The progress of each host stands below.');
        },
      }}
    />
  );
}

/** The same filter in a higher version. */
function isHigher({ inspection }: DepotVibView, filter: ClusterFilterView): boolean {
  const { descriptor, filter: brought } = inspection;
  const isSame = brought?.name === filter.name && descriptor.vendor === filter.vendor;
  return isSame && compareVibVersions(descriptor.version, filter.version) > 0;
}

interface ChooseVibProps {
  filter: ClusterFilterView;
  vibs: readonly DepotVibView[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

function ChooseVib({ filter, vibs, chosen, onChoose }: ChooseVibProps) {
  return (
    <>
      {vibs.length === 0 ? (
        <p className="text-muted">
          {`The depot has no version of ${filter.name} above ${filter.version}. Upload its VIB.`}
        </p>
      ) : (
        <RadioGroup
          label="From the depot"
          value={chosen}
          onChange={onChoose}
          options={vibs.map(({ id, inspection: { descriptor } }) => ({
            value: id,
            label: `${descriptor.name} ${descriptor.version}`,
            help: `${descriptor.vendor} · ${acceptanceLabel(descriptor.acceptanceLevel)}`,
          }))}
        />
      )}
      <VibUpload onAdded={([added]) => added && isHigher(added, filter) && onChoose(added.id)} />
    </>
  );
}

function sentencesOf(
  cluster: ClusterView,
  filter: ClusterFilterView,
  vib: DepotVibView | undefined,
  plan: UpgradePlan | undefined,
): string[] {
  if (!vib || !plan) return [];
  const { version } = vib.inspection.descriptor;
  const moves = plan.hosts.reduce((sum, { moves: some }) => sum + some.length, 0);
  const blocked = plan.hosts.filter((host) => host.blocked.length > 0);
  return [
    `${filter.name} becomes ${version} on every host of ${cluster.name}.`,
    'A host that runs virtual machines is emptied into maintenance mode, gets the new version, ' +
      `and comes back; ${moves} live migrations are planned now.`,
    'The task can be paused, cancelled and resumed between hosts. Until it has ended, virtual ' +
      'machines move between hosts with the old and the new version.',
    ...(blocked.length > 0
      ? [`It will fail on ${blocked.map(({ host }) => host.name).join(', ')} as things are.`]
      : []),
  ];
}
