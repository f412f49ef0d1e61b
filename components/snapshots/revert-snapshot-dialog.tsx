'use client';
// Revert to a snapshot, after saying what is lost by it. URL: `vm`, `snapshot`.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { openDialog } from '#components/shell/dialog-url.ts';
import { useChange } from '#lib/client/use-call.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import type { SnapshotView } from '#lib/wire/api/vm-operations.ts';
import { formatNoun } from '../format/quantities.ts';
import { formatMoment } from '../format/times.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { useUrlSnapshot } from './use-url-snapshot.ts';

export function RevertSnapshotDialog({ param, close }: UrlDialogProps) {
  const { vm, vmId, snapshotId, snapshot } = useUrlSnapshot(param);
  const { mutateAsync } = useChange('revertToSnapshot');
  const params = { id: vmId, snapshotId: String(snapshotId) };
  const verdict = snapshot?.actions.revert;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Revert ${vm.data?.name ?? ''} to “${snapshot?.name ?? 'the snapshot'}”`}
      verb="Revert"
      danger
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params })}
      call={apiCall('revertToSnapshot', params, {})}
    >
      <QueryState query={vm} lines={3}>
        {(known) =>
          snapshot ? (
            <Losses vm={known} snapshot={snapshot} />
          ) : (
            <p>The snapshot does not exist any more.</p>
          )
        }
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}

function Losses({ vm, snapshot }: { vm: VmView; snapshot: SnapshotView }) {
  const connections = vm.disks.reduce((sum, disk) => sum + disk.connections, 0);
  const added = vm.disks.filter(({ key }) => !snapshot.disks.some((disk) => disk.key === key));
  return (
    <>
      <Banner
        tone="warn"
        title="What was written since is lost"
        actions={
          <Button
            size="small"
            disabledReason={reasonOf(vm.actions.createSnapshot)}
            onClick={() => openDialog('takeSnapshot', { vm: vm.id })}
          >
            Take a snapshot first…
          </Button>
        }
      >
        Unless another snapshot keeps it. This cannot be undone.
      </Banner>
      <ul className="list-disc space-y-1 pl-5">
        <li>{`All disks become what they were at ${formatMoment(snapshot.createdAt)}.`}</li>
        {vm.powerState !== 'poweredOff' && (
          <li>{`${vm.name} is powered off: a snapshot holds disks, no running state.`}</li>
        )}
        {connections > 0 && (
          <li>{`${formatNoun(connections, 'client connection')} will be closed.`}</li>
        )}
        {added.length > 0 && (
          <li>
            {`${added.map(({ label }) => label).join(', ')} came after the snapshot and will not ` +
              'belong to it any more.'}
          </li>
        )}
      </ul>
      {(snapshot.actions.revert?.warnings.length ?? 0) > 0 && (
        <Banner tone="warn" reasons={snapshot.actions.revert?.warnings} />
      )}
    </>
  );
}
