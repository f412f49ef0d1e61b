'use client';
// Dialogs about replication targets: pair, rename, check, remove. URL: `target`.
import { useCallback, useEffect, useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { apiCall } from '../tasks/api-call.ts';
import { Button } from '../ui/button.tsx';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { Dialog } from '../ui/overlays/dialog.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { ErrorState } from '../ui/states/error-state.tsx';

/** Stands for the code where a call is shown: it is good once. */
const NOT_SHOWN = '(code)';
const PORT = /^[1-9][0-9]{0,4}$/;

/** The target that the URL names; undefined while it is asked for, or gone. */
function useTarget(id: string) {
  return useCall('listReplicationTargets', {}).data?.find((target) => target.id === id);
}

export function PairTargetDialog({ close }: UrlDialogProps) {
  const { mutateAsync } = useChange('pairReplicationTarget');
  const [form, setForm] = useState({ name: '', address: '', port: '', code: '' });
  const set = (field: keyof typeof form) => (text: string) => setForm({ ...form, [field]: text });
  const { name, address, code } = form;
  const place = { name: name.trim(), address: address.trim(), port: Number(form.port) };
  const body = { ...place, code: code.trim() };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title="Pair with a replication target"
      verb="Pair"
      disabledReason={missingIn(form)}
      onConfirm={() => mutateAsync({ body })}
      call={apiCall('pairReplicationTarget', {}, { ...place, code: NOT_SHOWN })}
    >
      <TextField label="Name" required value={name} onChange={set('name')} />
      <TextField label="Address" required value={address} onChange={set('address')} />
      <TextField label="Port" required value={form.port} onChange={set('port')} />
      <TextField
        label="Code"
        required
        value={code}
        onChange={set('code')}
        autoComplete="off"
        help="The target shows it: it is good once, and for a quarter of an hour."
      />
      <p className="text-muted">
        Both sides get a key of their own from the code. What is sent is encrypted with it, and
        nobody else can read a copy, or write one.
      </p>
    </ConfirmDialog>
  );
}

function missingIn(form: { name: string; address: string; port: string; code: string }) {
  if (form.name.trim() === '') return 'Enter a name.';
  if (form.address.trim() === '') return 'Enter the address of the target.';
  if (!PORT.test(form.port.trim())) return 'Enter the port of the target.';
  return form.code.trim().length < 8 ? 'Enter the code that the target shows.' : null;
}

export function RenameTargetDialog({ param, close }: UrlDialogProps) {
  const id = param('target') ?? '';
  const target = useTarget(id);
  const { mutateAsync } = useChange('renameReplicationTarget');
  const [changed, setName] = useState<string | null>(null);
  const name = changed ?? target?.name ?? '';
  const body = { name: name.trim() };
  return (
    <ConfirmDialog
      open
      onClose={close}
      title={`Rename ${target?.name ?? 'the replication target'}`}
      verb="Rename"
      disabledReason={body.name === '' ? 'Enter a name.' : reasonOf(target?.actions.rename)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('renameReplicationTarget', { id }, body)}
    >
      <TextField label="Name" required value={name} onChange={setName} />
    </ConfirmDialog>
  );
}

export function CheckTargetDialog({ param, close }: UrlDialogProps) {
  const id = param('target') ?? '';
  const target = useTarget(id);
  const { mutate, data, error, isPending } = useChange('checkReplicationTarget');
  const ask = useCallback(() => mutate({ params: { id }, body: {} }), [mutate, id]);
  useEffect(() => ask(), [ask]);
  return (
    <Dialog
      open
      onClose={close}
      size="small"
      title={`Connection of ${target?.name ?? 'the replication target'}`}
      footer={
        <>
          <Button onClick={close}>Close</Button>
          <Button variant="primary" busy={isPending} onClick={ask}>
            Ask again
          </Button>
        </>
      }
    >
      {data && <Banner tone={data.ok ? 'ok' : 'bad'} title={data.message} />}
      {error && <ErrorState error={error} compact />}
      {!data && !error && <p className="text-muted">Asking the target…</p>}
    </Dialog>
  );
}

export function RemoveTargetDialog({ param, close }: UrlDialogProps) {
  const id = param('target') ?? '';
  const target = useTarget(id);
  const { mutateAsync } = useChange('removeReplicationTarget');
  const verdict = target?.actions.remove;
  const name = target?.name ?? '';
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Remove ${name || 'the replication target'}`}
      verb="Remove"
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id } })}
      call={apiCall('removeReplicationTarget', { id })}
    >
      {verdict?.allowed === false ? (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      ) : (
        <p>
          The pairing ends. The copies that the target has stay there; to use them again, pair with
          it anew.
        </p>
      )}
    </ConfirmDialog>
  );
}
