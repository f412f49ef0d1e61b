'use client';
// Dialogs about key providers: add, set as default, delete. URL: `provider`.
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';

/** The provider that the URL names; undefined while it is asked for, or gone. */
export function useKeyProvider(id: string | null) {
  return useCall('listKeyProviders', {}).data?.find((provider) => provider.id === id);
}

export function AddKeyProviderDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('createKeyProvider');
  const [name, setName] = useState('');
  const body = { name: name.trim() };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="Add native key provider"
      verb="Add"
      disabledReason={body.name === '' ? 'Enter a name.' : null}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createKeyProvider', {}, body)}
    >
      <TextField label="Name" required value={name} onChange={setName} />
      <p className="text-muted">
        Its keys are kept in the database, sealed under this installation’s secret. Disks know it by
        its name, so the name stays. Back it up when it has keys.
      </p>
    </ConfirmDialog>
  );
}

export function DefaultKeyProviderDialog({ param, close }: UrlDialogProps) {
  const id = param('provider') ?? '';
  const provider = useKeyProvider(id);
  const { mutateAsync } = useChange('setDefaultKeyProvider');
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="Set as default key provider"
      verb="Set as default"
      disabledReason={reasonOf(provider?.actions.setDefault)}
      onConfirm={() => mutateAsync({ params: { id }, body: {} })}
      call={apiCall('setDefaultKeyProvider', { id }, {})}
    >
      <p>
        {`Disks whose policy names no key provider get their keys from ${provider?.name ?? 'it'} ` +
          'from now on. Those that have a key keep it.'}
      </p>
    </ConfirmDialog>
  );
}

export function DeleteKeyProviderDialog({ param, close }: UrlDialogProps) {
  const id = param('provider') ?? '';
  const provider = useKeyProvider(id);
  const { mutateAsync } = useChange('deleteKeyProvider');
  const verdict = provider?.actions.delete;
  const name = provider?.name ?? '';
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Delete ${name || 'the key provider'}`}
      verb="Delete"
      typed={name}
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('deleteKeyProvider', { id })}
    >
      {verdict?.allowed === false ? (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      ) : (
        <p>
          {provider?.server
            ? 'Its keys stay on the key server; which one belongs to which disk is forgotten here.'
            : 'Its keys are deleted as well. Copies of disks that were encrypted with them, such ' +
              'as backups, can then be read only with a backup of this provider.'}
        </p>
      )}
    </ConfirmDialog>
  );
}
