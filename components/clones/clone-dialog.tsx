'use client';
// Clone a VM (full, linked, to a template), or deploy one from a template: what, where to run,
// where to store, and the verdict on the whole before it starts. URL: `vm`, `snapshot` (to clone
// from), `to` (vm, linked, template).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useCloneTargets, useDatastores, useVm } from '#lib/client/use-inventory.ts';
import { useVmCheck } from '#lib/client/use-operations.ts';
import type { DatastoreSummary } from '#lib/wire/api/datastores.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { MigrationTargets } from '../migration/migration-targets.tsx';
import { apiCall } from '../tasks/api-call.ts';
import { type DisabledReason, reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { Wizard } from '../ui/overlays/wizard.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';
import { type CloneDraft, type CloneKind, cloneBody, nameProblem } from './clone-draft.ts';
import { CloneKindStep } from './clone-kind-step.tsx';
import { CloneStorageStep } from './clone-storage-step.tsx';
import { cloneSentences } from './clone-words.ts';

export function CloneDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  const datastores = useDatastores();
  if (vm.data && datastores.data) {
    return (
      <Steps
        vm={vm.data}
        datastores={datastores.data}
        kind={kindOf(param('to'))}
        snapshotId={param('snapshot')}
        close={close}
      />
    );
  }
  return (
    <Dialog open onClose={close} title="Clone">
      <QueryState query={vm}>{() => null}</QueryState>
      {vm.data && <QueryState query={datastores}>{() => null}</QueryState>}
    </Dialog>
  );
}

interface StepsProps {
  vm: VmView;
  datastores: readonly DatastoreSummary[];
  kind: CloneKind;
  snapshotId: string | null;
  close: () => void;
}

function Steps({ vm, datastores, kind, snapshotId, close }: StepsProps) {
  const [draft, setDraft] = useState(() => firstDraft(vm, kind, snapshotId));
  const targets = useCloneTargets(vm.id);
  const { mutateAsync } = useChange('cloneVm');
  const set = (changes: Partial<CloneDraft>) => setDraft({ ...draft, ...changes });
  const body = cloneBody(draft);
  const check = useVmCheck('checkClone', vm.id, body);
  const host = targets.data?.targets.find((target) => target.host.id === draft.hostId);
  const datastore = datastores.find(({ id }) => id === draft.datastoreId);
  const start = async () => {
    if (!body) return;
    await mutateAsync({ params: { id: vm.id }, body });
    showToast('info', `${body.name} is being made`, 'It stands in Recent Tasks.');
  };
  return (
    <Wizard
      open
      onClose={close}
      title={titleOf(vm, draft.kind)}
      steps={[
        {
          id: 'kind',
          title: 'Name and kind',
          blocked: kindBlocked(vm, draft),
          content: <CloneKindStep vm={vm} draft={draft} set={set} />,
        },
        {
          id: 'host',
          title: 'Compute resource',
          blocked: host ? reasonOf(host.verdict) : 'Choose a host first.',
          content: (
            <QueryState query={targets}>
              {({ targets: known }) => (
                <MigrationTargets
                  staysPossible
                  targets={known}
                  chosen={draft.hostId}
                  onChoose={(hostId) => set({ hostId })}
                />
              )}
            </QueryState>
          ),
        },
        {
          id: 'storage',
          title: 'Storage',
          blocked: storageBlocked(draft, check),
          content: (
            <>
              <CloneStorageStep vm={vm} datastores={datastores} draft={draft} set={set} />
              {body && (
                <VerdictBanner verdict={check.data} error={check.error} ok="It can be cloned" />
              )}
              {draft.kind !== 'template' && (
                <Checkbox
                  checked={draft.powerOn}
                  onChange={(powerOn) => set({ powerOn })}
                  label="Power on after creation"
                />
              )}
            </>
          ),
        },
      ]}
      review={{
        sentences: cloneSentences({ vm, draft, host: host?.host.name, datastore: datastore?.name }),
        ...(body && { call: apiCall('cloneVm', { id: vm.id }, { ...body }) }),
      }}
      finish={{
        label: vm.isTemplate && draft.kind === 'vm' ? 'Deploy' : 'Clone',
        run: start,
        blocked: body ? reasonOf(check.data) : null,
      }}
    />
  );
}

function kindOf(text: string | null): CloneKind {
  return text === 'linked' || text === 'template' ? text : 'vm';
}

function firstDraft(vm: VmView, kind: CloneKind, snapshot: string | null): CloneDraft {
  const named =
    snapshot === null ? undefined : vm.snapshots.find(({ id }) => String(id) === snapshot);
  const fallback = kind === 'linked' ? (vm.currentSnapshotId ?? vm.snapshots[0]?.id ?? null) : null;
  return {
    ...{ kind, name: '', snapshotId: named?.id ?? fallback, hostId: vm.host.id },
    ...{ datastoreId: vm.datastore.id, provisioning: 'same', powerOn: false },
  };
}

function titleOf(vm: VmView, kind: CloneKind): string {
  if (kind === 'template') return `Clone ${vm.name} to a template`;
  if (vm.isTemplate) return `Deploy a virtual machine from ${vm.name}`;
  return kind === 'linked' ? `Linked clone of ${vm.name}` : `Clone ${vm.name}`;
}

function kindBlocked(vm: VmView, draft: CloneDraft): DisabledReason {
  const linked = draft.kind === 'linked';
  const refused = reasonOf(linked ? vm.actions.createLinkedClone : vm.actions.clone);
  if (refused) return refused;
  if (linked && draft.snapshotId === null) return 'Choose the snapshot that it builds on.';
  return nameProblem(draft.name);
}

function storageBlocked(
  { datastoreId }: CloneDraft,
  { data, error }: { data: Parameters<typeof reasonOf>[0]; error: unknown },
): DisabledReason {
  if (datastoreId === null) return 'Choose a datastore first.';
  return error ? 'Whether this is possible could not be found out.' : reasonOf(data);
}
