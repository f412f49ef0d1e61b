'use client';
// Edit VM storage policies: a policy for each disk, with the verdict of the whole choice before it
// is applied.
// URL: `vm`, `disk` (to begin with), `detach` (a filter: the disks that have it are chosen to lose
// their policy).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import { usePolicies, usePolicyCheck } from '#lib/client/use-policies.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import type { PolicyView } from '#lib/wire/api/policies.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

/** Stands for no policy in a select, whose values are texts. */
const DEFAULT = 'default';

export function EditPoliciesDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  const policies = usePolicies();
  if (vm.data && policies.data) {
    const first = { diskKey: param('disk'), detach: param('detach') };
    return <Form vm={vm.data} policies={policies.data} first={first} onClose={close} />;
  }
  return (
    <Dialog open onClose={close} title="Edit VM storage policies">
      <QueryState query={vm}>{() => null}</QueryState>
      {vm.data && <QueryState query={policies}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface FormProps {
  vm: VmView;
  policies: readonly PolicyView[];
  first: { diskKey: string | null; detach: string | null };
  onClose: () => void;
}

function Form({ vm, policies, first, onClose }: FormProps) {
  const [chosen, setChosen] = useState(() => withoutFilter(vm.disks, first.detach));
  const { mutateAsync, isPending, error } = useChange('assignPolicies');
  const assignments = vm.disks
    .map((disk) => ({ disk, value: chosen[disk.key] ?? policyOf(disk) }))
    .filter(({ disk, value }) => value !== policyOf(disk) || isDue(disk))
    .map(({ disk, value }) => ({ diskKey: disk.key, policyId: idOf(value) }));
  const check = usePolicyCheck(vm.id, assignments);
  const targets = useCall('listReplicationTargets', {}).data ?? [];
  const [targetId, setTarget] = useState<string | null>(null);
  const asksTarget = targets.length > 1 && assignments.some((one) => replicates(policies, one));
  const body: { assignments: typeof assignments; replicationTargetId?: string } = { assignments };
  if (asksTarget && targetId !== null) body.replicationTargetId = targetId;
  const submit = async () => {
    const call = { params: { id: vm.id }, body };
    const started = await mutateAsync(call).catch(() => null);
    if (!started) return;
    showToast('info', 'Reconfiguring the virtual machine', 'It stands in Recent Tasks.');
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      size="large"
      title={`Edit VM storage policies of ${vm.name}`}
      description={
        'A policy puts its filters on the disk. The chain is rebuilt while clients stay ' +
        'connected.'
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={isPending}
            disabledReason={blockedBy(vm, assignments.length, check.data)}
            onClick={() => void submit()}
          >
            Apply
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        {policies.length === 0 && <NoPolicies />}
        {orderDisks(vm.disks, first.diskKey).map((disk) => (
          <DiskChoice
            key={disk.key}
            disk={disk}
            policies={policies}
            value={chosen[disk.key] ?? policyOf(disk)}
            onChange={(value) => setChosen({ ...chosen, [disk.key]: value })}
          />
        ))}
        {asksTarget && (
          <Select
            label="Replication target"
            value={targetId}
            placeholder="Where the disk sends now, or the first target"
            options={targets.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={setTarget}
          />
        )}
        {check.data?.allowed === false && assignments.length > 0 && (
          <Banner tone="bad" title="This cannot be applied" reasons={check.data.reasons} />
        )}
        {check.data?.allowed && assignments.length > 0 && (
          <Banner tone="ok" title="This can be applied" reasons={check.data.warnings} />
        )}
        {check.error && assignments.length > 0 && <ErrorState error={check.error} compact />}
        {error && <ErrorState error={error} compact />}
        {assignments.length > 0 && (
          <SameAsCall call={apiCall('assignPolicies', { id: vm.id }, { ...body })} />
        )}
      </div>
    </Dialog>
  );
}

function blockedBy(
  vm: VmView,
  changes: number,
  check: Parameters<typeof reasonOf>[0],
): DisabledReason {
  const refused = reasonOf(vm.actions.editPolicies);
  if (refused) return refused;
  return changes === 0 ? 'Change the policy of a disk first.' : reasonOf(check);
}

function NoPolicies() {
  return (
    <Banner
      tone="info"
      title="There are no VM storage policies yet"
      actions={<Button onClick={() => openDialog('policy', {})}>Create a policy…</Button>}
    >
      A policy names the filters and their properties.
    </Banner>
  );
}

interface DiskChoiceProps {
  disk: DiskView;
  policies: readonly PolicyView[];
  value: string;
  onChange: (value: string) => void;
}

function DiskChoice({ disk, policies, value, onChange }: DiskChoiceProps) {
  return (
    <Select
      label={`${disk.label} (${disk.unit})`}
      value={value}
      help={isDue(disk) ? `${disk.complianceReason} Apply puts it in order.`.trim() : undefined}
      options={[
        { value: DEFAULT, label: 'Datastore default', help: 'No filters.' },
        ...policies.map(({ id, name, rules }) => ({
          value: id,
          label: name,
          help: rules.map(({ provider }) => provider).join(', '),
        })),
      ]}
      onChange={onChange}
    />
  );
}

/** The policy that is chosen for the disk has replication. */
function replicates(
  policies: readonly PolicyView[],
  { policyId }: { policyId: string | null },
): boolean {
  const rules = policies.find(({ id }) => id === policyId)?.rules ?? [];
  return rules.some(({ filterClass }) => filterClass === 'replication');
}

/** No policy, by key, for each disk that has the filter. */
function withoutFilter(disks: readonly DiskView[], filter: string | null): Record<number, string> {
  const having = disks.filter(({ filters }) => filters.some(({ name }) => name === filter));
  return Object.fromEntries(having.map(({ key }) => [key, DEFAULT]));
}

function policyOf(disk: DiskView): string {
  return disk.policy?.id ?? DEFAULT;
}

function idOf(value: string): string | null {
  return value === DEFAULT ? null : value;
}

/** A disk that does not run what its policy says now: applying the same policy again mends that. */
function isDue({ policy, compliance }: DiskView): boolean {
  return policy !== null && (compliance === 'outOfDate' || compliance === 'nonCompliant');
}

function orderDisks(disks: readonly DiskView[], first: string | null): DiskView[] {
  return [...disks].sort(
    (a, b) => Number(String(b.key) === first) - Number(String(a.key) === first),
  );
}
