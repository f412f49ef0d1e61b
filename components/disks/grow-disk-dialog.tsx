'use client';
// Makes a disk larger. URL: `vm`, `disk`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import type { DiskView, VmView } from '#lib/wire/api/inventory.ts';
import { formatBytes } from '../format/quantities.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { bytesOf, sizeDraftOf } from './disk-size.ts';
import { SizeField } from './size-field.tsx';

export function GrowDiskDialog({ param, close }: UrlDialogProps) {
  const vm = useVm(param('vm') ?? '');
  const disk = vm.data?.disks.find(({ key }) => String(key) === param('disk'));
  if (vm.data && disk) return <Form vm={vm.data} disk={disk} close={close} />;
  return (
    <Dialog open onClose={close} title="Grow disk">
      <QueryState query={vm}>{() => <p>The disk does not exist any more.</p>}</QueryState>
    </Dialog>
  );
}

function Form({ vm, disk, close }: { vm: VmView; disk: DiskView; close: () => void }) {
  const { mutateAsync } = useChange('growDisk');
  // The size that the dialog began with: the disk's own changes when the work is done.
  const [size, setSize] = useState(() => sizeDraftOf(disk.capacityBytes));
  const bytes = bytesOf(size);
  const verdict = disk.actions.grow;
  const wrong = problemOf(bytes, disk);
  const params = { id: vm.id, key: String(disk.key) };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Grow ${disk.label} of ${vm.name}`}
      verb="Grow"
      disabledReason={reasonOf(verdict) ?? wrong}
      onConfirm={() => mutateAsync({ params, body: { capacityBytes: bytes ?? 0 } })}
    >
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      <p>
        {`It has ${formatBytes(disk.capacityBytes)} now. A disk can only become larger. ` +
          (vm.powerState === 'poweredOn'
            ? 'Clients stay connected, and see the new size when they connect again.'
            : '')}
      </p>
      <SizeField
        label="New size"
        value={size}
        error={bytes === null ? (wrong ?? undefined) : undefined}
        onChange={setSize}
      />
      {bytes !== null && wrong === null && (
        <>
          <p className="text-muted">
            {`${formatBytes(bytes - disk.capacityBytes)} are added. Grow the partition and the ` +
              'file system in the guest afterwards.'}
          </p>
          <SameAsCall call={apiCall('growDisk', params, { capacityBytes: bytes })} />
        </>
      )}
    </ConfirmDialog>
  );
}

function problemOf(bytes: number | null, { capacityBytes }: DiskView): string | null {
  if (bytes === null) return 'Enter a size from 1 MiB to 62 TiB.';
  if (bytes > capacityBytes) return null;
  return `Enter more than ${formatBytes(capacityBytes)}, which it has now.`;
}
