'use client';
// Delete a VM and its files, after its name was typed. URL: `vm`.
import { usePathname, useRouter } from 'next/navigation';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import type { VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes, formatNoun } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

export function DeleteVmDialog({ param, close }: UrlDialogProps) {
  const router = useRouter();
  const path = usePathname();
  const vmId = param('vm') ?? '';
  const vm = useVm(vmId);
  const { mutateAsync } = useChange('deleteVm');
  const verdict = vm.data?.actions.delete;
  const params = { id: vmId };
  const remove = async () => {
    await mutateAsync({ params });
    // Closing writes the URL at once: it comes first, or it would undo the way to the list.
    close();
    // Its own page is about to have nothing to show.
    if (path === `/vms/${vmId}`) router.push('/vms');
  };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Delete ${vm.data?.name ?? 'the virtual machine'} from disk`}
      verb="Delete"
      danger
      typed={vm.data?.name}
      disabledReason={reasonOf(verdict)}
      onConfirm={remove}
      call={apiCall('deleteVm', params)}
    >
      <QueryState query={vm} lines={3}>
        {(known) => <Losses vm={known} />}
      </QueryState>
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}

function Losses({ vm }: { vm: VmView }) {
  return (
    <Banner tone="warn" title="This cannot be undone">
      <ul className="list-disc space-y-1 pl-4">
        {vm.disks.map(({ key, label, capacityBytes, datastore, backing }) => (
          <li key={key}>
            {backing === 'rdm'
              ? `${label}: the mapping is deleted; the device itself is not touched.`
              : `${label}, ${formatBytes(capacityBytes)} on ${datastore.name}, with all its data.`}
          </li>
        ))}
        {vm.snapshots.length > 0 && <li>{`${formatNoun(vm.snapshots.length, 'snapshot')}.`}</li>}
        <li>{`Its configuration on ${vm.datastore.name}, and its place in the inventory.`}</li>
      </ul>
    </Banner>
  );
}
