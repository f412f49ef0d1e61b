'use client';
// Merges the redo logs below a VM's disks that no snapshot needs any more. URL: `vm`.
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';

export function ConsolidateDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const vm = useVm(id).data;
  const { mutateAsync } = useChange('consolidateDisks');
  const verdict = vm?.actions.consolidateDisks;
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Consolidate the disks of ${vm?.name ?? 'the virtual machine'}`}
      verb="Consolidate"
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('consolidateDisks', { id })}
    >
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      {verdict && verdict.warnings.length > 0 && <Banner tone="warn" reasons={verdict.warnings} />}
      <p>
        Redo logs of snapshots that are gone are merged into its disks, also while it runs. Its
        contents stay as they are.
      </p>
    </ConfirmDialog>
  );
}
