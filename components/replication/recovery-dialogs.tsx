'use client';
// Dialogs about moments of a replicated VM: recover or test, name a moment, end a test.
// URL: `vm`, `at` (milliseconds; the newest moment without it), `kind` (recover or test).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useDatastores, useHosts, useVm } from '#lib/client/use-inventory.ts';
import { useVmCheck } from '#lib/client/use-operations.ts';
import { nameProblem } from '../clones/clone-draft.ts';
import { formatMoment } from '../format/times.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';

export function RecoverDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const kind = param('kind') === 'test' ? ('test' as const) : ('recover' as const);
  const vm = useVm(id).data;
  const hosts = useHosts().data ?? [];
  const datastores = useDatastores().data ?? [];
  const [form, setForm] = useState<{ name?: string; host?: string; datastore?: string }>({});
  const { mutateAsync } = useChange('recoverVm');
  const isTest = kind === 'test';
  const name = form.name ?? (vm ? `${vm.name}-${isTest ? 'test' : 'recovered'}` : '');
  const hostId = form.host ?? vm?.host.id ?? '';
  const datastoreId = form.datastore ?? vm?.datastore.id ?? '';
  const moment = param('at');
  const at = moment === null ? null : new Date(Number(moment)).toISOString();
  const problem = nameProblem(name);
  const isWhole = problem === null && hostId !== '' && datastoreId !== '';
  const body = isWhole ? { kind, name: name.trim(), hostId, datastoreId, at } : null;
  const check = useVmCheck('checkRecover', id, body);
  const start = async () => {
    if (!body) return;
    await mutateAsync({ params: { id }, body });
    showToast('info', `${body.name} is being made`, 'It stands in Recent Tasks.');
  };
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      title={isTest ? `Test failover of ${vm?.name ?? ''}` : `Recover ${vm?.name ?? ''}`}
      verb={isTest ? 'Start test' : 'Recover'}
      disabledReason={problem ?? reasonOf(check.data)}
      onConfirm={start}
      {...(body && { call: apiCall('recoverVm', { id }, body) })}
    >
      <p>
        {`As it was at ${at === null ? 'the newest moment' : formatMoment(at)}. `}
        {isTest
          ? 'The test works on the copies at the target; what it writes stays apart, and goes ' +
            'with its end. Production and replication go on.'
          : 'The new virtual machine is powered on at once, and reads from the target while its ' +
            'disks are copied to the datastore. The present one stays as it is.'}
      </p>
      <TextField
        label="Name"
        required
        value={name}
        onChange={(text) => setForm({ ...form, name: text })}
        {...(problem === null ? {} : { error: problem })}
      />
      <Select
        label="Host"
        value={hostId}
        options={hosts.map((host) => ({ value: host.id, label: host.name }))}
        onChange={(host) => setForm({ ...form, host })}
      />
      <Select
        label="Datastore"
        value={datastoreId}
        options={datastores.map((each) => ({ value: each.id, label: each.name }))}
        onChange={(datastore) => setForm({ ...form, datastore })}
      />
      {body && (
        <VerdictBanner
          verdict={check.data}
          error={check.error}
          ok={isTest ? 'It can be tested' : 'It can be recovered'}
        />
      )}
    </ConfirmDialog>
  );
}

export function AddBookmarkDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const replication = useCall('readVmReplication', { params: { id } });
  const { mutateAsync } = useChange('addReplicationBookmark');
  const [name, setName] = useState('');
  const body = { name: name.trim(), at: null };
  const refused = reasonOf(replication.data?.actions.bookmark);
  return (
    <ConfirmDialog
      open
      onClose={close}
      title="Add bookmark"
      verb="Add"
      disabledReason={body.name === '' ? 'Enter a name.' : refused}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('addReplicationBookmark', { id }, { name: body.name })}
    >
      <TextField label="Name" required value={name} onChange={setName} />
      <p className="text-muted">
        The present moment gets the name. It can be recovered as long as the journal has it.
      </p>
    </ConfirmDialog>
  );
}

export function EndTestDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const vm = useVm(id).data;
  const replication = useCall('readVmReplication', { params: { id } });
  const { mutateAsync } = useChange('endFailoverTest');
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`End the test ${vm?.name ?? ''}`}
      verb="End test"
      disabledReason={reasonOf(replication.data?.actions.endTest)}
      onConfirm={() => mutateAsync({ params: { id }, body: {} })}
      call={apiCall('endFailoverTest', { id }, {})}
    >
      <p>
        The virtual machine is powered off and deleted, with everything that was written in the
        test. The copies at the target stay as they are.
      </p>
    </ConfirmDialog>
  );
}
