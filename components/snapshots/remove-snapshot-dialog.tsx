'use client';
// Delete a snapshot, a snapshot with all that descend from it, or all, after saying what that
// means. URL: `vm`, `snapshot`, `scope` (one, children, all).
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { withDescendants } from './snapshot-tree.ts';
import { useUrlSnapshot } from './use-url-snapshot.ts';

type Scope = 'one' | 'children' | 'all';

export function RemoveSnapshotDialog({ param, close }: UrlDialogProps) {
  const { vm, vmId, snapshotId, snapshot } = useUrlSnapshot(param);
  const scope = scopeOf(param('scope'));
  const removeOne = useChange('removeSnapshot');
  const removeAll = useChange('removeAllSnapshots');
  const params = { id: vmId, snapshotId: String(snapshotId) };
  const children = scope === 'children' ? ('remove' as const) : ('keep' as const);
  const actions = snapshot?.actions;
  const verdict =
    scope === 'all'
      ? vm.data?.actions.removeAllSnapshots
      : actions?.[scope === 'children' ? 'removeWithChildren' : 'remove'];
  const call =
    scope === 'all'
      ? apiCall('removeAllSnapshots', { id: vmId })
      : withQuery(apiCall('removeSnapshot', params), children);
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={titleOf(scope, snapshot, vm.data)}
      verb={scope === 'all' ? 'Delete all' : 'Delete'}
      danger
      disabledReason={reasonOf(verdict)}
      onConfirm={() =>
        scope === 'all'
          ? removeAll.mutateAsync({ params: { id: vmId } })
          : removeOne.mutateAsync({ params, query: { children } })
      }
      call={call}
    >
      <QueryState query={vm} lines={3}>
        {(known) => <Meaning vm={known} scope={scope} snapshot={snapshot} />}
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      {verdict && verdict.warnings.length > 0 && <Banner tone="warn" reasons={verdict.warnings} />}
    </ConfirmDialog>
  );
}

function scopeOf(text: string | null): Scope {
  return text === 'all' || text === 'children' ? text : 'one';
}

function withQuery<Call extends { path: string }>(call: Call, children: string): Call {
  return { ...call, path: `${call.path}?children=${children}` };
}

function titleOf(scope: Scope, snapshot: SnapshotView | null, vm: VmView | undefined): string {
  if (scope === 'all') return `Delete all snapshots of ${vm?.name ?? 'the virtual machine'}`;
  const name = snapshot ? `“${snapshot.name}”` : 'the snapshot';
  return scope === 'children' ? `Delete ${name} and its children` : `Delete ${name}`;
}

interface MeaningProps {
  vm: VmView;
  scope: Scope;
  snapshot: SnapshotView | null;
}

function Meaning({ vm, scope, snapshot }: MeaningProps) {
  const gone =
    scope === 'all'
      ? vm.snapshots
      : snapshot
        ? scope === 'children'
          ? withDescendants(vm.snapshots, snapshot.id)
          : [snapshot]
        : [];
  const running = vm.powerState === 'poweredOn';
  return (
    <>
      <p>
        {`${vm.name} stays as it is now. ` +
          (gone.length === 1
            ? 'You can no longer revert to this snapshot.'
            : `You can no longer revert to any of ${formatNoun(gone.length, 'snapshot')}:`)}
      </p>
      {gone.length > 1 && (
        <ul className="list-disc pl-5">
          {gone.map(({ id, name }) => (
            <li key={id}>{name}</li>
          ))}
        </ul>
      )}
      <p className="text-muted">
        {`Redo logs that only they keep apart are merged${
          running ? ' while the virtual machine runs; clients stay connected' : ''
        }. This can take a while; progress and Cancel stand in Recent Tasks.`}
      </p>
    </>
  );
}
