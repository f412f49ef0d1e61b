'use client';
// Dialogs about a failover: begin one (URL: `vm`, `kind` failover or move, `at` in milliseconds),
// undo it, and commit it (URL: `vm`, the one that was replaced).
import { useState } from 'react';
import type { UrlDialogProps } from '#components/shell/dialog-outlet.tsx';
import { useCall, useChange } from '#lib/client/use-call.ts';
import { useDatastores, useHosts, useVm } from '#lib/client/use-inventory.ts';
import { useVmCheck } from '#lib/client/use-operations.ts';
import type { VmReplicationView } from '#lib/wire/api/replication.ts';
import { nameProblem } from '../clones/clone-draft.ts';
import { formatMoment } from '../format/times.ts';
import { apiCall } from '../tasks/api-call.ts';
import { reasonOf } from '../ui/disabled-reason.tsx';
import { Checkbox } from '../ui/forms/checkbox.tsx';
import { Select } from '../ui/forms/select.tsx';
import { TextField } from '../ui/forms/text-field.tsx';
import { ConfirmDialog } from '../ui/overlays/confirm-dialog.tsx';
import { showToast } from '../ui/overlays/toast.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { VerdictBanner } from '../ui/states/verdict-banner.tsx';
import { lossSentences } from './failover-words.ts';

export function FailOverDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const kind = param('kind') === 'move' ? ('move' as const) : ('failover' as const);
  const isMove = kind === 'move';
  const vm = useVm(id).data;
  const hosts = useHosts().data ?? [];
  const datastores = useDatastores().data ?? [];
  const known = useCall('readVmReplication', { params: { id } }).data;
  const [form, setForm] = useState<{ name?: string; host?: string; datastore?: string }>({});
  const { mutateAsync } = useChange('failOverVm');
  const name = form.name ?? (vm ? `${vm.name}-${isMove ? 'moved' : 'failover'}` : '');
  const hostId = form.host ?? vm?.host.id ?? '';
  const datastoreId = form.datastore ?? vm?.datastore.id ?? '';
  const moment = isMove ? null : param('at');
  const at = moment === null ? null : new Date(Number(moment)).toISOString();
  const problem = nameProblem(name);
  const isWhole = problem === null && hostId !== '' && datastoreId !== '';
  const body = isWhole ? { kind, name: name.trim(), hostId, datastoreId, at } : null;
  const check = useVmCheck('checkFailOver', id, body);
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
      danger={!isMove}
      title={isMove ? `Planned move of ${vm?.name ?? ''}` : `Fail over ${vm?.name ?? ''}`}
      verb={isMove ? 'Move' : 'Fail over'}
      disabledReason={problem ?? reasonOf(check.data)}
      onConfirm={start}
      {...(body && { call: apiCall('failOverVm', { id }, body) })}
    >
      <Consequences isMove={isMove} at={at} name={vm?.name ?? ''} known={known} />
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
          ok={isMove ? 'It can be moved' : 'It can be failed over'}
        />
      )}
    </ConfirmDialog>
  );
}

interface ConsequencesProps {
  isMove: boolean;
  at: string | null;
  name: string;
  known: VmReplicationView | undefined;
}

function Consequences({ isMove, at, name, known }: ConsequencesProps) {
  if (isMove) {
    return (
      <p>
        {`${name} is powered off, its target gets what it lacks, and the new virtual machine is ` +
          'powered on. Nothing is lost; where that cannot be shown, everything stays as it is.'}
      </p>
    );
  }
  const later = at === null ? [] : [`Everything that was written after ${formatMoment(at)}.`];
  const loss = known?.lossNow ? lossSentences(known.lossNow) : [];
  return (
    <>
      <p>
        {`A new virtual machine stands in for ${name}, as it was at ` +
          `${at === null ? 'the newest moment' : formatMoment(at)}. From then on ${name} cannot ` +
          'write and is not powered on, until the failover is undone.'}
      </p>
      <Banner tone="warn" title="What is lost">
        <ul className="list-disc space-y-1 pl-4">
          {[...later, ...loss].map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Banner>
    </>
  );
}

export function UndoFailoverDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const vm = useVm(id).data;
  const replication = useCall('readVmReplication', { params: { id } });
  const { mutateAsync } = useChange('undoFailover');
  const [powerOn, setPowerOn] = useState(true);
  const body = { powerOn };
  const verdict = replication.data?.actions.undo;
  const standIn = vm?.replacedBy?.name ?? 'The other virtual machine';
  return (
    <ConfirmDialog
      open
      onClose={close}
      danger
      title={`Undo the failover of ${vm?.name ?? ''}`}
      verb="Undo failover"
      disabledReason={reasonOf(verdict)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('undoFailover', { id }, body)}
    >
      <p>
        {`${standIn} is powered off and deleted, with everything that was written to it. ` +
          `${vm?.name ?? 'The source'} goes on with what it has itself.`}
      </p>
      <Checkbox label={`Power on ${vm?.name ?? ''}`} checked={powerOn} onChange={setPowerOn} />
      {verdict?.allowed === false && (
        <Banner tone="bad" title="This is not possible now" reasons={verdict.reasons} />
      )}
    </ConfirmDialog>
  );
}

const NOBODY = '';

export function CommitFailoverDialog({ param, close }: UrlDialogProps) {
  const id = param('vm') ?? '';
  const vm = useVm(id).data;
  const targets = useCall('listReplicationTargets', {}).data ?? [];
  const { mutateAsync } = useChange('commitFailover');
  const [form, setForm] = useState<{ deleteSource: boolean; targetId?: string }>({
    deleteSource: false,
  });
  const targetId = form.targetId ?? targets[0]?.id ?? NOBODY;
  const protectTargetId = targetId === NOBODY ? null : targetId;
  const body = { deleteSource: form.deleteSource, protectTargetId };
  const check = useVmCheck('checkCommitFailover', id, body);
  const standIn = vm?.replacedBy?.name ?? '';
  const name = vm?.name ?? '';
  return (
    <ConfirmDialog
      open
      onClose={close}
      size="medium"
      danger={form.deleteSource}
      {...(form.deleteSource && name !== '' ? { typed: name } : {})}
      title={`Commit the failover of ${name}`}
      verb="Commit"
      disabledReason={reasonOf(check.data)}
      onConfirm={() => mutateAsync({ params: { id }, body })}
      call={apiCall('commitFailover', { id }, body)}
    >
      <p>{`${standIn} stays for good, and the failover cannot be undone any more.`}</p>
      <Select
        label={`Replicate ${standIn} to`}
        value={targetId}
        options={[
          ...targets.map((target) => ({ value: target.id, label: target.name })),
          { value: NOBODY, label: 'Nowhere' },
        ]}
        onChange={(chosen) => setForm({ ...form, targetId: chosen })}
      />
      <Checkbox
        label={`Delete ${name} and its disks`}
        help="Else it stays, powered off."
        checked={form.deleteSource}
        onChange={(deleteSource) => setForm({ ...form, deleteSource })}
      />
      <VerdictBanner verdict={check.data} error={check.error} ok="It can be committed" />
    </ConfirmDialog>
  );
}
