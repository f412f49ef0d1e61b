'use client';
// Re-encrypts the disks of a VM. URL: `vm`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { useVm } from '#lib/client/use-inventory.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { RadioGroup } from '../ui/forms/radio-group.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';

const OPTIONS = [
  {
    value: 'shallow',
    label: 'New key (shallow)',
    help: 'A new key of the key provider around the data keys. It takes a moment.',
  },
  {
    value: 'deep',
    label: 'New key and new data keys (deep)',
    help: 'Every sector is written anew while the VM works. It takes as long as that.',
  },
] as const;

export function RecryptVmDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const vm = useVm(id);
  const { mutateAsync } = useChange('recryptVm');
  const [how, setHow] = useState<'shallow' | 'deep'>('shallow');
  const body = { deep: how === 'deep' };
  const verdict = vm.data?.actions.recrypt;
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Re-encrypt ${vm.data?.name ?? 'the virtual machine'}`}
      verb="Re-encrypt"
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('recryptVm', { id }, body)}
    >
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
      <RadioGroup
        label="Give its encrypted disks"
        options={OPTIONS}
        value={how}
        onChange={setHow}
      />
    </ConfirmDialog>
  );
}
