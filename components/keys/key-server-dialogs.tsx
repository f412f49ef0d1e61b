'use client';
// Dialogs about key providers whose keys stand on a KMIP server: add one, check its connection,
// change where its server is. URL: `provider`.
import { useCallback, useEffect, useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useChange } from '#lib/client/use-call.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { SameAsCall } from '../ui/same-as-call.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { useKeyProvider } from './key-provider-dialogs.tsx';
import { accessOf, EMPTY_SERVER, KeyServerFields, missingIn } from './key-server-fields.tsx';

/** Shown instead of the private key where a call is shown. */
const NOT_SHOWN = '(private key)';

export function AddKmipProviderDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('createKeyProvider');
  const [name, setName] = useState('');
  const [server, setServer] = useState(EMPTY_SERVER);
  const kmip = accessOf(server);
  const body = { name: name.trim(), kmip };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title="Add KMIP key provider"
      verb="Add"
      disabledReason={body.name === '' ? 'Enter a name.' : missingIn(server)}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('createKeyProvider', {}, { ...body, kmip: { ...kmip, clientKey: NOT_SHOWN } })}
    >
      <TextField label="Name" required value={name} onChange={setName} />
      <KeyServerFields server={server} onChange={setServer} />
      <p className="text-muted">
        Its keys are made and kept by the server, and fetched when a disk is opened. Disks know the
        provider by its name, so the name stays.
      </p>
    </ConfirmDialog>
  );
}

export function ChangeKeyServerDialog({ param, close }: UrlDialogProps) {
  const id = param('provider') ?? '';
  const provider = useKeyProvider(id);
  const { mutateAsync } = useChange('changeKeyServer');
  const [changed, setChanged] = useState<typeof EMPTY_SERVER | null>(null);
  const known = provider?.server;
  const server = changed ?? {
    ...EMPTY_SERVER,
    ...(known && { ...known, port: String(known.port) }),
  };
  const body = accessOf(server);
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={`Key server of ${provider?.name ?? 'the key provider'}`}
      verb="Change"
      disabledReason={reasonOf(provider?.actions.changeServer) ?? missingIn(server)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('changeKeyServer', { id }, { ...body, clientKey: NOT_SHOWN })}
    >
      <p>
        The server has to know the keys of this provider: the same server elsewhere, a copy of it,
        or new certificates.
      </p>
      <KeyServerFields server={server} onChange={setChanged} />
    </ConfirmDialog>
  );
}

export function CheckKeyProviderDialog({ param, close }: UrlDialogProps) {
  const id = param('provider') ?? '';
  const provider = useKeyProvider(id);
  const { mutate, data, error, isPending } = useChange('checkKeyProvider');
  const ask = useCallback(() => mutate({ params: { id }, body: {} }), [mutate, id]);
  useEffect(() => ask(), [ask]);
  return (
    <Dialog
      open
      onClose={close}
      size="small"
      title={`Connection of ${provider?.name ?? 'the key provider'}`}
      footer={
        <>
          <Button onClick={close}>Close</Button>
          <Button variant="primary" busy={isPending} onClick={ask}>
            Check again
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        {isPending && <p className="text-muted">Asking the server…</p>}
        {!isPending && data && (
          <Banner tone={data.ok ? 'ok' : 'bad'} title={data.ok ? 'Connected' : 'Not connected'}>
            <p>{data.message}</p>
          </Banner>
        )}
        {!isPending && error && <Banner tone="bad" title={error.message} />}
        <SameAsCall call={apiCall('checkKeyProvider', { id }, {})} />
      </div>
    </Dialog>
  );
}
